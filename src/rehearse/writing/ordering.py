"""The order of keys: that of the format, from what a reader asks first to what comes last. Comments go with the key below them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rehearse.loading import forms
from rehearse.loading.reader import record_shape
from rehearse.writing.outline import Block, Entry, outline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rehearse.domain import Domain

SCENARIO = (
    *("name", "id", "version", "author", "created", "updated", "category", "priority", "tags"),
    *("description", "rationale", "related_bugs", "related_scenarios", "domain", "clock", "seed"),
    *("timeout_seconds", "retry_on_failure", "capture_artifacts", "require_backup", "rollback_on_failure"),
    *("debug_mode", "variables", "matrix", "setup", "test_case", "expected_outcome", "validation", "artifacts"),
)
STEP = (
    "step",
    "operation",
    "at",
    "parameters",
    "expect",
    "save_as",
    "critical",
    "timeout_seconds",
    "performance_metrics",
)
OUTCOME_FIRST = ("success",)
OUTCOME_LAST = (
    *("assertions", "final_state", "state_comparison", "changes", "expected_errors", "invariants"),
    *("performance_metrics", "custom_validations", "thresholds"),
)


@dataclass(frozen=True)
class Order:
    """The keys of a map, first to last; any other stays between `first` and `last`, in the order written."""

    first: tuple[str, ...]
    last: tuple[str, ...] = ()

    def ranks(self, keys: Sequence[str]) -> list[int]:
        """Return a number for each key, by which they are sorted.

        A key of no known place follows the one that stands before it, unless the map has a place for such keys.
        """
        known = {key: number for number, key in enumerate((*self.first, "", *self.last))}
        ranks: list[int] = []
        for key in keys:
            unplaced = known[""] if self.last else (ranks[-1] if ranks else -1)
            ranks.append(known.get(key, unplaced))
        return ranks


def in_order(text: str, domain: Domain | None) -> str:
    """Return a scenario file with the keys of its maps in the order of the format.

    Raises:
        UnusualError: If it is written in a way that cannot be laid out.
    """
    whole = outline(text)
    lines = [line.text for line in whole.lines]
    if whole.root is not None:
        for block, order in _ordered_maps(whole.root, domain):
            _sort(lines, block, order)
    return "\n".join(lines)


# ── which maps ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ordered_maps(root: Block, domain: Domain | None) -> Iterator[tuple[Block, Order]]:
    """Yield the maps that have an order, inner ones before those around them."""
    for scenario in (*_children(root, "scenario"), *_items(root, "scenarios")):
        for key, order in _parts(domain).items():
            for part in _children(scenario, key):
                if key == "test_case":
                    for name in ("operations", "concurrent_operations"):
                        yield from ((step, Order(STEP)) for step in _items(part, name))
                yield part, order
        yield scenario, Order(SCENARIO)


def _parts(domain: Domain | None) -> Mapping[str, Order]:
    sections = () if domain is None else tuple(domain.sections)
    return {
        "setup": Order(("database", *sections, "constraints", "preconditions")),
        "test_case": Order(_fields(forms.TestCaseForm)),
        "expected_outcome": Order(OUTCOME_FIRST, OUTCOME_LAST),
        "validation": Order(_fields(forms.ValidationForm)),
        "artifacts": Order(_fields(forms.ArtifactsForm)),
    }


def _fields(record: type) -> tuple[str, ...]:
    return tuple(item.name for item in record_shape(record).fields)


def _children(block: Block, key: str) -> Iterator[Block]:
    for entry in block.entries:
        if block.is_map and entry.key == key and entry.child is not None and entry.child.is_map:
            yield entry.child


def _items(block: Block, key: str) -> Iterator[Block]:
    for entry in block.entries:
        if block.is_map and entry.key == key and entry.child is not None and not entry.child.is_map:
            yield from (item.child for item in entry.child.entries if item.child is not None and item.child.is_map)


# ── sorting lines ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _sort(lines: list[str], block: Block, order: Order) -> None:
    """Sort the entries of a map where they stand; how many lines there are stays the same."""
    entries = block.entries
    ranks = order.ranks([entry.key for entry in entries])
    if ranks == sorted(ranks) or len({entry.line for entry in entries}) < len(entries):
        return
    starts = [entries[0].line, *(_start(lines, block, before, entry) for before, entry in itertools.pairwise(entries))]
    end = _end(lines, block, entries[-1])
    chunks = [lines[start:stop] for start, stop in zip(starts, [*starts[1:], end], strict=True)]
    dash = lines[starts[0]][: block.column] if block.compact else ""
    if dash.strip() not in {"", "-"}:
        return  # an anchor stands between the dash and the first key
    chunks[0][0] = " " * len(dash) + lines[starts[0]][len(dash) :]
    ordered = [chunks[number] for number in sorted(range(len(chunks)), key=ranks.__getitem__)]
    _keep_head(chunks[0], ordered)
    if dash:
        _put_dash(ordered[0], dash)
    lines[starts[0] : end] = [line for chunk in ordered for line in chunk]


def _put_dash(chunk: list[str], dash: str) -> None:
    """Begin an item with this chunk; comments above its key come to stand above the dash."""
    key = next(number for number, line in enumerate(chunk) if not line.lstrip().startswith("#"))
    for number in range(key):
        chunk[number] = " " * dash.index("-") + chunk[number].lstrip()
    chunk[key] = dash + chunk[key][len(dash) :]


def _keep_head(was_first: list[str], chunks: list[list[str]]) -> None:
    """Empty lines before what is first now come before what was: they part, and there is nothing to part at the top."""
    head = chunks[0]
    while head and not head[0].strip():
        was_first.insert(0, head.pop(0))


def _start(lines: list[str], block: Block, before: Entry, entry: Entry) -> int:
    """Return where an entry begins, with the comments and empty lines above it.

    A comment that is indented further belongs to what stands before it.
    """
    start = before.last + 1
    for number in range(before.last + 1, entry.line):
        if lines[number].strip() and _indent(lines[number]) > block.column:
            start = number + 1
    return start


def _end(lines: list[str], block: Block, last: Entry) -> int:
    """Return where a map ends; what follows it in its own column stays where it is."""
    end = last.last + 1
    for number in range(last.last + 1, len(lines)):
        text = lines[number]
        if not text.strip():
            continue
        if not text.lstrip().startswith("#") or _indent(text) <= block.column:
            break
        end = number + 1
    return end


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
