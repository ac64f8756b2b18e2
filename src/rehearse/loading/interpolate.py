"""Placeholders in a tree: every text is resolved exactly once, and what comes out is never scanned again."""

from __future__ import annotations

from typing import NamedTuple

from rehearse.errors import Code, Complaints, Problem
from rehearse.loading.evaluate import BrokenReferenceError, Names, evaluate, written_out
from rehearse.loading.expressions import Dialect, ExpressionError, Placeholder, Template, compile_text, mentions_nothing
from rehearse.loading.limits import INTERPOLATED_TEXT, SCENARIO_LIMITS
from rehearse.loading.tree import DeferredNode, Entry, ListNode, MapNode, Node, ScalarNode
from rehearse.source import Span

_LINES_SEARCHED = 200


class BudgetSpentError(Exception):
    """The results of placeholders grew beyond all bounds, which has been complained about."""


class Size(NamedTuple):
    """What a value amounts to when written out: its keys and values, the bytes of its texts, its depth."""

    nodes: int
    text: int
    depth: int


class Budget:
    """Bounds what the placeholders of one scenario may put in place of themselves."""

    def __init__(self, *, nodes: int, text: int) -> None:
        self._nodes = nodes
        self._text = text
        self._sizes: dict[int, tuple[Node, Size]] = {}  # the node is kept, so that its identity is not given away

    def spend(self, size: Size) -> bool:
        """Take `size` away; return whether there was enough."""
        self._nodes -= size.nodes
        self._text -= size.text
        return self._nodes >= 0 and self._text >= 0

    def size(self, node: Node) -> Size:
        """Return what `node` amounts to; shared parts are measured once and counted as often as they stand there."""
        if not isinstance(node, (ListNode, MapNode)):
            text = node.value if isinstance(node, ScalarNode) else node.text
            return Size(1, len(text.encode("utf-8", "replace")) if isinstance(text, str) else 0, 0)
        known = self._sizes.get(id(node))
        if known is not None:
            return known[1]
        inner = node.items if isinstance(node, ListNode) else tuple(entry.value for entry in node.entries)
        sizes = [self.size(part) for part in inner]
        keys = 0 if isinstance(node, ListNode) else len(inner)
        size = Size(
            1 + keys + sum(part.nodes for part in sizes),
            sum(part.text for part in sizes),
            1 + max((part.depth for part in sizes), default=0),
        )
        self._sizes[id(node)] = (node, size)
        return size


class Interpolation:
    """Resolves trees by one set of names.

    `settled` names what must be known before the run (variables, say), so that results may not stand there; empty, they may.

    Attributes:
        failed: Whether anything was complained about.
    """

    def __init__(
        self,
        names: Names,
        complaints: Complaints,
        budget: Budget,
        *,
        dialect: Dialect = Dialect.VARIABLES,
        settled: str = "",
    ) -> None:
        self.failed = False
        self._names = names
        self._complaints = complaints
        self._budget = budget
        self._dialect = dialect
        self._settled = settled

    def resolve(self, node: Node) -> Node:
        """Return `node` with every placeholder resolved; the same object where there is none.

        A text that waits for results, or that could not be resolved, becomes a `DeferredNode`.

        Raises:
            BudgetSpentError: After complaining, if the results are too large.
        """
        if isinstance(node, ListNode):
            return self._list(node)
        if isinstance(node, MapNode):
            return self._map(node)
        return self._text(node) if isinstance(node, ScalarNode) and isinstance(node.value, str) else node

    def rows(self, item: MapNode) -> tuple[Node, ...] | None:  # noqa: ARG002  (see `SetupInterpolation`)
        """Return the resolved rows for which an item of a list stands, or None if it stands for itself, as here."""
        return None

    def _list(self, node: ListNode) -> ListNode:
        items: list[Node] = []
        changed = False
        for item in node.items:
            made = self.rows(item) if isinstance(item, MapNode) else None
            if made is None:
                resolved = self.resolve(item)
                changed = changed or resolved is not item
                items.append(resolved)
            else:
                changed = True
                items.extend(made)
        return ListNode(tuple(items), node.span) if changed else node

    def _map(self, node: MapNode) -> MapNode:
        entries: list[Entry] = []
        changed = False
        for entry in node.entries:
            value = self.resolve(entry.value)
            if value is entry.value:
                entries.append(entry)
            else:
                changed = True
                entries.append(Entry(entry.key, entry.span, value))
        return MapNode(tuple(entries), node.span) if changed else node

    def _text(self, node: ScalarNode) -> Node:
        text = str(node.value)
        if mentions_nothing(text):
            return node
        try:
            return self._filled(node, compile_text(text, dialect=self._dialect))
        except ExpressionError as error:
            self._complain(error.code, error.summary, place_of(error.raw, node.span), error.remedy)
        except BrokenReferenceError:
            self.failed = True
        return DeferredNode(text, node.span, ())

    def _filled(self, node: ScalarNode, parts: Template) -> Node:
        if any(isinstance(part, Placeholder) and part.result is not None for part in parts):
            return self._deferred(node, parts)
        if len(parts) == 1 and isinstance(parts[0], Placeholder):
            placeholder = parts[0]
            value = self._evaluated(placeholder, node)
            self._spend(value, place_of(placeholder.raw, node.span))
            return value
        text = "".join(part if isinstance(part, str) else self._written(part, node) for part in parts)
        return self._new_text(text, node)

    def _deferred(self, node: ScalarNode, parts: Template) -> DeferredNode:
        """Resolve all but the results; every other ``$`` is doubled, so that nothing resolved is taken for a placeholder."""
        filled: list[str] = []
        references: list[tuple[str | int, ...]] = []
        for part in parts:
            if isinstance(part, str):
                filled.append(part.replace("$", "$$"))
            elif self._settled and part.result is not None:
                summary = f"`{part.raw}` is a result, and {self._settled} must be known before anything runs"
                raise ExpressionError("bad-expression", summary, "write it where the result is used", raw=part.raw)
            elif part.result is not None:
                filled.append(part.raw)
                references.append(part.result)
            else:
                filled.append(self._written(part, node).replace("$", "$$"))
        text = "".join(filled)
        self._new_text(text, node)
        return DeferredNode(text, node.span, tuple(references))

    def _evaluated(self, placeholder: Placeholder, node: ScalarNode) -> Node:
        try:
            return evaluate(placeholder, self._names, node.span)
        except ExpressionError as error:
            raise ExpressionError(error.code, error.summary, error.remedy, raw=placeholder.raw) from None

    def _written(self, placeholder: Placeholder, node: ScalarNode) -> str:
        return written_out(self._evaluated(placeholder, node), placeholder.raw)

    def _new_text(self, text: str, node: ScalarNode) -> ScalarNode:
        if len(text.encode("utf-8", "replace")) > INTERPOLATED_TEXT:
            summary = f"the text would be longer than {INTERPOLATED_TEXT:,} bytes"
            raise ExpressionError("yaml-limit", summary, "write a shorter one")
        resolved = ScalarNode(text, node.span, quoted=True)
        self._spend(resolved, node.span)
        return resolved

    def _spend(self, value: Node, place: Span) -> None:
        size = self._budget.size(value)
        if size.depth > SCENARIO_LIMITS.depth:
            summary = f"it stands for more than {SCENARIO_LIMITS.depth} lists and maps inside each other"
            self._complain("yaml-limit", summary, place, "write it flatter")
            raise BudgetSpentError
        if not self._budget.spend(size):
            summary = "with this, the values of all placeholders together are too large"
            self._complain("yaml-limit", summary, place, "let fewer or smaller values be written out")
            raise BudgetSpentError

    def _complain(self, code: Code, summary: str, place: Span, remedy: str) -> None:
        self.failed = True
        self._complaints.add(Problem(code, summary, place, remedy))


def place_of(raw: str, span: Span) -> Span:
    """Return where `raw`, a piece of the text at `span`, stands; `span` itself if it cannot be found as it is."""
    first_line = raw.split("\n", 1)[0]
    if not first_line:
        return span
    goes_on = span.end_column > len(span.source.line(span.line).rstrip())
    begin = span.column - 1
    for number in range(span.line, span.line + (_LINES_SEARCHED if goes_on else 1)):
        column = span.source.line(number).find(first_line, begin)
        if column >= 0:
            return Span(span.source, number, column + 1, column + 1 + len(first_line))
        begin = 0
    return span
