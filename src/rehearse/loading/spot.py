"""Where a reader stands in a document: what the place is called, and where complaints about it go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from rehearse.errors import Code, Complaints, Problem
from rehearse.loading.tree import DeferredNode, ListNode, MapNode, Node, ScalarNode
from rehearse.values import type_name

if TYPE_CHECKING:
    from rehearse.source import Span


class Missing:
    """The type of `MISSING`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()
"""No value: the author was told why, or a text waits for the result of a step."""

Waiting = Literal["refused", "parameters", "expectations"]


class Spot:
    """One place of a document while it is read.

    Attributes:
        complaints: Where mistakes go.
        parent: The place that holds it, or None.
        span: Where a missing key is shown: the key that holds the map.
        waiting: What becomes of ``${steps.…}``: refused; accepted anywhere and left for later; accepted in fields that can keep it.
        waits: True once a text was met, here or below, that waits for a result (parameters only).
    """

    __slots__ = ("_part", "complaints", "parent", "span", "waiting", "waits")

    def __init__(
        self,
        complaints: Complaints,
        part: str | int,
        span: Span,
        *,
        parent: Spot | None = None,
        waiting: Waiting = "refused",
    ) -> None:
        self.complaints = complaints
        self.span = span
        self.waiting: Waiting = waiting
        self.waits = False
        self._part = part
        self.parent = parent

    def down(self, part: str | int, span: Span) -> Spot:
        """Return the place of the key or list position `part` below this one."""
        return Spot(self.complaints, part, span, parent=self, waiting=self.waiting)

    def accepting(self, waiting: Waiting) -> Spot:
        """Return the same place with another answer to ``${steps.…}``."""
        return Spot(self.complaints, self._part, self.span, parent=self.parent, waiting=waiting)

    def silent(self) -> Spot:
        """Return the same place with complaints that nobody hears: for trying whether something fits."""
        return Spot(Complaints(), self._part, self.span, parent=self.parent, waiting=self.waiting)

    def wait(self) -> None:
        """Note, here and above, that something waits for a result."""
        spot: Spot | None = self
        while spot is not None and not spot.waits:
            spot.waits = True
            spot = spot.parent

    @property
    def field(self) -> str:
        """The dotted path, as ``setup.persons[2].pgy_level``; list positions count from 0."""
        part = f"[{self._part}]" if isinstance(self._part, int) else self._part
        above = self.parent.field if self.parent else ""
        return above + part if not above or isinstance(self._part, int) else f"{above}.{part}"

    @property
    def label(self) -> str:
        """What messages call it: the key in backticks, or an item of it."""
        if isinstance(self._part, str):
            return f"`{self._part or 'scenario'}`"
        return f"an item of {self.parent.label}" if self.parent else "an item"

    def complain(self, code: Code, summary: str, *, span: Span | None = None, remedy: str = "") -> Missing:
        """Add a problem at `span` (else at the place itself) and return `MISSING`."""
        self.complaints.add(Problem(code, summary, span or self.span, remedy, self.field))
        return MISSING

    def note(self, code: Code, summary: str, *, span: Span | None = None, remedy: str = "") -> None:
        """Add a note, which stops nothing."""
        self.complaints.add(Problem(code, summary, span or self.span, remedy, self.field, is_note=True))

    def duplicate(self, summary: str, span: Span, first: Span, *, remedy: str = "") -> Missing:
        """Add a ``duplicate-id`` that shows both places and return `MISSING`."""
        self.complaints.add(Problem("duplicate-id", summary, span, remedy, self.field, (("the first one", first),)))
        return MISSING

    def wrong_type(self, node: Node, wanted: str, *, remedy: str = "") -> Missing:
        """Say that `node` is not `wanted`, a type's word of the format with its article."""
        if isinstance(node, DeferredNode):
            return self._refuse_result(node)
        found = node_type(node)
        if not remedy and found == "null":
            remedy = self._remedy_of_null()
        elif not remedy and wanted == "text" and isinstance(node, ScalarNode):
            remedy = "quote it"
        return self.complain("wrong-type", f"{self.label} must be {wanted}, not {found}", span=node.span, remedy=remedy)

    def _remedy_of_null(self) -> str:
        if isinstance(self._part, int):
            return "write a value; text that begins with # is a comment unless it is quoted"
        return "write a value, or leave the key out"

    def _refuse_result(self, node: DeferredNode) -> Missing:
        if not node.references:
            return MISSING
        if self.waiting == "parameters":
            self.wait()
            return MISSING
        if self.waiting == "expectations":
            summary = f"{self.label} cannot wait for the result of a step"
            return self.complain("bad-expression", summary, span=node.span, remedy="write the value itself")
        return self.complain(
            "undefined-variable",
            f"`${{steps.{plain_path(node.references[0])}}}` names nothing here",
            span=node.span,
            remedy="results of steps exist only in `parameters` of later steps and in expectations",
        )


def plain_path(path: tuple[str | int, ...]) -> str:
    """Write a reference's parts as its author would: ``plan.data.moves[0]``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def node_type(node: ScalarNode | ListNode | MapNode) -> str:
    """Return the format's word for the type of what stands there."""
    match node:
        case MapNode():
            return "a map"
        case ListNode():
            return "a list"
        case _:
            return with_article(type_name(node.value))


def with_article(word: str) -> str:
    """Return a type's word as it stands in a sentence: ``an int``, ``a date``, ``text``, ``null``."""
    if word in {"text", "null"}:
        return word
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
