"""A policy: one or several packs and the program's own rules, strictest wins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from residency.calendar import WindowKind
from residency.model import Severity
from residency.policy.packs import PACKS, PROGRAM_PACK, Pack
from residency.policy.settings import SETTING_TYPES, CallFrequency, OneDayInSeven, Setting, WeeklyHours, reaches_far

if TYPE_CHECKING:
    from collections.abc import Iterable

_S = TypeVar("_S", bound=Setting)


@dataclass(frozen=True)
class Policy:
    """What a roster is judged by: distinct settings in the order of the rules.

    A roster complies with several packs when it complies with each, so every setting that differs is kept and evaluated
    with its own window and level.
    """

    name: str
    settings: tuple[Setting, ...]

    @cached_property
    def _by_kind(self) -> dict[type[Setting], tuple[Any, ...]]:
        return {kind: tuple(one for one in self.settings if type(one) is kind) for kind in SETTING_TYPES}

    def of(self, kind: type[_S]) -> tuple[_S, ...]:
        """The settings of one rule; empty where it is off."""
        return self._by_kind[kind]

    @cached_property
    def far_reaching(self) -> frozenset[str]:
        """The stems of rules of which a change may alter records however far from it."""
        return frozenset(setting.stem for setting in self.settings if reaches_far(setting))

    @cached_property
    def windows(self) -> tuple[tuple[WindowKind, int | None], ...]:
        """The kinds of window over which averages are taken, rolling ones apart, with their anchors."""
        averaged = (one for one in self.settings if isinstance(one, WeeklyHours | OneDayInSeven | CallFrequency))
        found = {(one.window, one.anchor): None for one in averaged if one.window is not WindowKind.ROLLING28}
        return tuple(found)

    def in_force(self, stem: str) -> bool:
        """Whether the rule of that stem is judged at all."""
        return any(setting.stem == stem for setting in self.settings)

    @property
    def weekly(self) -> tuple[WeeklyHours, ...]:
        """The settings of `weekly_hours`, the packs' own before the program's."""
        return self.of(WeeklyHours)


def combine(packs: Iterable[Pack]) -> Policy:
    """The policy of several packs; settings that differ in name only are kept once, under the first pack's name."""
    chosen = tuple(packs)
    distinct: dict[Setting, Setting] = {}
    for pack in chosen:
        for setting in pack.settings:
            distinct.setdefault(replace(setting, pack=""), setting)
    order = {kind: place for place, kind in enumerate(SETTING_TYPES)}
    settings = sorted(distinct.values(), key=lambda setting: order[type(setting)])
    return Policy("+".join(pack.name for pack in chosen), tuple(settings))


def with_program(policy: Policy, overrides: Pack | None = None) -> Policy:
    """The policy with a program's overrides and with everybody's personal weekly limit, at level policy."""
    own = overrides.settings if overrides is not None else ()
    if not any(isinstance(setting, WeeklyHours) for setting in own):
        own = (personal_limits(policy), *own)
    base = Pack(policy.name, policy.settings)
    return replace(combine((base, Pack(PROGRAM_PACK, own))), name=policy.name)


def personal_limits(policy: Policy) -> WeeklyHours:
    """The program's `weekly_hours`: personal limits over the pack's own windows."""
    base = policy.weekly[0] if policy.weekly else WeeklyHours()
    return replace(
        base,
        pack=PROGRAM_PACK,
        severity=Severity.POLICY,
        citation="program policy",
        limit=None,
        warn=None,
        exceptions=False,
        personal=True,
    )


def named_pack(name: str) -> Pack:
    """The pack of that name.

    Raises:
        KeyError: there is none.
    """
    for pack in PACKS:
        if pack.name == name:
            return pack
    raise KeyError(name)
