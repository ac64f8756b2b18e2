"""What a placeholder comes to: names are followed into the tree, dates and integers are computed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol, TypeAlias

from rehearse.errors import did_you_mean
from rehearse.loading.expressions import (
    Dialect,
    Duration,
    ExpressionError,
    Operator,
    Placeholder,
    Reference,
    compile_text,
)
from rehearse.loading.limits import DIGITS
from rehearse.loading.scalars import ScalarError, date_or_moment
from rehearse.loading.tree import DeferredNode, ListNode, MapNode, Node, ScalarNode
from rehearse.values import FrozenMap, Value, plain, type_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from rehearse.source import Span

_COMPUTED = "dates take a duration such as `2d`, and integers take + - * // %"
Known: TypeAlias = ScalarNode | ListNode | MapNode
"""A node that is resolved."""

_TOO_GREAT = 10**DIGITS
_Computed: TypeAlias = int | date | datetime
_Operand: TypeAlias = "_Computed | Duration"


class BrokenReferenceError(Exception):
    """What is referred to could not be resolved itself, which has been complained about."""


class Names(Protocol):
    """Knows what the first name of a path stands for."""

    def find(self, reference: Reference) -> Node:
        """Return the value of the reference's root.

        Raises:
            ExpressionError: If there is none.
            BrokenReferenceError: If it could not be resolved.
        """
        ...


def evaluate(placeholder: Placeholder, names: Names, span: Span) -> Node:
    """Return the value of `placeholder`, placed at `span`; what is inside a list or map keeps its own place.

    Raises:
        ExpressionError: If it cannot be computed.
        BrokenReferenceError: If something that it refers to could not be resolved.
    """
    reference = placeholder.reference
    if reference is not None:
        return _placed(follow(names.find(reference), reference), span)
    try:
        value = _run(placeholder, names)
    except ScalarError as error:
        raise ExpressionError("bad-expression", error.summary, error.remedy, raw=placeholder.raw) from None
    if isinstance(value, Duration):
        remedy = "add it to a date or a moment"
        raise ExpressionError(
            "bad-expression", f"`{placeholder.raw}` is a duration and no value", remedy, raw=placeholder.raw
        )
    return ScalarNode(value, span)


def written_out(node: Node, raw: str) -> str:
    """Return `node` as it stands inside a longer text.

    Raises:
        ExpressionError: If it is a list, a map or null.
    """
    if isinstance(node, ScalarNode) and node.value is not None:
        return plain(node.value)
    remedy = "let the placeholder be the whole text, or name one item of it"
    kind = phrase_of(node)
    raise ExpressionError("wrong-type", f"`{raw}` is {kind}, and stands inside a longer text", remedy, raw=raw)


def fill(text: str, read: Callable[[tuple[str | int, ...]], Value]) -> Value:
    """Return what a text that waits for results says, once `read` knows them; see `DeferredNode`.

    `read` gets the path of each ``${steps.…}``, as in `DeferredNode.references`. A placeholder that is the whole text keeps
    the result's type. What `read` returns is never scanned for placeholders.

    Raises:
        ExpressionError: If a list, a map or null stands inside a longer text.
    """
    parts = compile_text(text, dialect=Dialect.RESULTS)
    if len(parts) == 1 and isinstance(parts[0], Placeholder):
        return read(parts[0].result or ())
    filled: list[str] = []
    for part in parts:
        if isinstance(part, str):
            filled.append(part)
            continue
        value = read(part.result or ())
        if value is None or isinstance(value, (tuple, FrozenMap)):
            summary = f"`{part.raw}` is {_phrase(type_name(value))}, and stands inside a longer text"
            raise ExpressionError("wrong-type", summary, "let it be the whole text", raw=part.raw)
        filled.append(plain(value))
    return "".join(filled)


def follow(node: Node, reference: Reference) -> Known:
    """Return what lies at the keys of `reference` below `node`, the value of its root."""
    path = reference.root
    for key in reference.keys:
        if isinstance(node, DeferredNode):
            raise BrokenReferenceError
        node = _item(node, key, path, reference)
        path += f"[{key}]" if isinstance(key, int) else f".{key}"
    if isinstance(node, DeferredNode):
        raise BrokenReferenceError
    return node


def phrase_of(node: Node) -> str:
    """Return what `node` is in the format's words, as it stands in a sentence: ``an int``, ``a list``, ``text``, ``null``."""
    match node:
        case ScalarNode():
            return _phrase(type_name(node.value))
        case ListNode():
            return "a list"
        case MapNode():
            return "a map"
        case DeferredNode():
            return "the result of a step"


def _phrase(word: str) -> str:
    if word in {"text", "null"}:
        return word
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _item(node: Node, key: str | int, path: str, reference: Reference) -> Node:
    if isinstance(node, MapNode) and isinstance(key, str):
        found = node.get(key)
        if found is None:
            remedy = did_you_mean(key, (entry.key for entry in node.entries))
            raise ExpressionError("undefined-variable", f"`{path}` has no `{key}`", remedy)
        return found
    if isinstance(node, ListNode) and isinstance(key, int):
        size = len(node.items)
        if not -size <= key < size:
            remedy = f"write 0 to {size - 1}, or -1 for the last" if size else "the list is empty"
            raise ExpressionError("undefined-variable", f"`{path}` has no item {key}", remedy)
        return node.items[key]
    kind = phrase_of(node)
    wanted = "a position" if isinstance(key, int) else f"a key `{key}`"
    raise ExpressionError("bad-expression", f"`{reference.text}` asks for {wanted}, but `{path}` is {kind}", "")


def _placed(node: Known, span: Span) -> Known:
    """Return `node` as standing at the placeholder: there its author looks when the value does not fit."""
    if isinstance(node, ScalarNode):
        return ScalarNode(node.value, span, node.quoted)
    return ListNode(node.items, span) if isinstance(node, ListNode) else MapNode(node.entries, span)


def _run(placeholder: Placeholder, names: Names) -> _Operand:
    stack: list[_Operand] = []
    for instruction in placeholder.program:
        if isinstance(instruction, Operator):
            right = stack.pop()
            left = 0 if instruction.negates else stack.pop()
            stack.append(_apply(instruction.sign, left, right, placeholder))
        elif isinstance(instruction, Reference):
            stack.append(_operand(instruction, names, placeholder))
        else:
            stack.append(instruction)
    return stack.pop()


def _operand(reference: Reference, names: Names, placeholder: Placeholder) -> _Operand:
    node = follow(names.find(reference), reference)
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, (int, date)) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and (found := date_or_moment(value)) is not None:
        return found
    raise _uncomputable(f"`{reference.text}` is {phrase_of(node)}", placeholder, _COMPUTED)


def _apply(operator: str, left: _Operand, right: _Operand, placeholder: Placeholder) -> _Operand:
    if isinstance(left, int) and isinstance(right, int):
        return _integer(operator, left, right, placeholder)
    if isinstance(left, date) and isinstance(right, Duration) and operator in {"+", "-"}:
        return _moved(left, right if operator == "+" else Duration(-right.minutes, right.whole_days), placeholder)
    if isinstance(left, date) and isinstance(right, int):
        raise _uncomputable(f"`{right}` has no unit", placeholder, f"write `{right}d`, or w, h, m")
    raise _uncomputable(f"{_kind(left)} `{operator}` {_kind(right)} has no meaning", placeholder, _COMPUTED)


def _integer(operator: str, left: int, right: int, placeholder: Placeholder) -> int:
    if operator in {"//", "%"} and right == 0:
        raise _uncomputable("it divides by zero", placeholder, "write another divisor")
    match operator:
        case "+":
            value = left + right
        case "-":
            value = left - right
        case "*":
            value = left * right
        case "//":
            value = left // right
        case _:
            value = left % right
    if abs(value) >= _TOO_GREAT:
        raise _uncomputable(f"it has more than {DIGITS:,} digits", placeholder, "write smaller numbers")
    return value


def _moved(day: date, duration: Duration, placeholder: Placeholder) -> date:
    """Return the date or moment that lies `duration` later: a date stays one as long as whole days are added."""
    start = day if isinstance(day, datetime) or duration.whole_days else datetime.combine(day, time())
    try:
        return start + timedelta(minutes=duration.minutes)
    except OverflowError:
        raise _uncomputable("no calendar reaches so far", placeholder, "write a shorter duration") from None


def _uncomputable(why: str, placeholder: Placeholder, remedy: str) -> ExpressionError:
    summary = f"`{placeholder.raw}` cannot be computed: {why}"
    return ExpressionError("bad-expression", summary, remedy, raw=placeholder.raw)


def _kind(value: _Operand) -> str:
    return "duration" if isinstance(value, Duration) else type_name(value)
