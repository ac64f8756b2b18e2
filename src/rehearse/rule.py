"""Rules as the reference tells them: a domain's own records stay its own, these are for whoever reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RuleFigure:
    """A figure that a rule is told.

    Attributes:
        name: The key under which it is written.
        form: What it is written as, with its unit.
        doc: What it means.
        packs: Pack → its value there, in words.
        program: How a program may change it, or empty if only packs set it.
    """

    name: str
    form: str
    doc: str
    packs: Mapping[str, str] = field(default_factory=dict)
    program: str = ""


@dataclass(frozen=True)
class Rule:
    """A rule that measures, refusals and reports name.

    Attributes:
        doc: What it finds, with the code of each breach.
        citation: Where it is published.
        unit: Of what it measures.
        packs: Pack → how grave a breach is there (must, should, policy), or that it is off.
        figures: What it may be told.
    """

    name: str
    doc: str
    citation: str = ""
    unit: str = ""
    packs: Mapping[str, str] = field(default_factory=dict)
    figures: tuple[RuleFigure, ...] = ()
