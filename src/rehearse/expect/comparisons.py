"""Equality and specs, exactly as section 7 of the format defines them. Nothing is converted; a mismatch of types names both.

Every function answers why something is unmet, in one sentence without a final stop, or None if it holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypeAlias

from rehearse.expect.matching import fullest_matching
from rehearse.expect.tolerance import EXACT, Leeway
from rehearse.expectation import BooleanSpec, CollectionSpec, Equal, NumericSpec, Spec, StringSpec
from rehearse.values import FrozenMap, Value, plain, type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

Match: TypeAlias = Literal["exact", "contains", "regex", "case_insensitive"]
Why: TypeAlias = "str | None"


# ── equality ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def unlike(expected: Value, actual: Value, leeway: Leeway = EXACT, *, ordered: bool = False) -> Why:
    """Say why `actual` is not `expected`, lists and maps item by item; a list is a sequence only if `ordered`."""
    family = family_of(expected)
    if family != family_of(actual):
        return f"expected {typed(expected)}, found {typed(actual)}"
    if family == "list":
        return _unlike_lists(expected, actual, leeway, ordered=ordered)  # type: ignore[arg-type]  # both are tuples
    if family == "map":
        return _unlike_maps(expected, actual, leeway, ordered=ordered)  # type: ignore[arg-type]  # both are maps
    if _same_scalar(family, expected, actual, leeway):
        return None
    return f"expected {shown(expected)}{_granted(family, leeway)}, found {shown(actual)}"


def family_of(value: Value) -> str:
    """Return the type of `value` as far as comparing goes: an int is a number."""
    name = type_name(value)
    return "number" if name == "int" else name


def exact(value: Value) -> Fraction | None:
    """Return a number as the fraction that it is, a binary float as its shortest decimal; None for what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        return None
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and not value.is_finite():
        return None
    return Fraction(value)


def within(expected: Fraction, actual: Fraction, leeway: Leeway) -> bool:
    """Return whether `actual` is `expected`, or within any tolerance that is in force for it; ends are inside."""
    if actual == expected:
        return True
    absolute, fraction = leeway.number()
    off = abs(actual - expected)
    if absolute is not None and off <= Fraction(absolute):
        return True
    return fraction is not None and off <= Fraction(fraction) * abs(expected)


def _same_scalar(family: str, expected: Value, actual: Value, leeway: Leeway) -> bool:
    if family == "number":
        wanted, found = exact(expected), exact(actual)
        return wanted is not None and found is not None and within(wanted, found, leeway)
    if isinstance(expected, str) and isinstance(actual, str):
        return nfc(expected) == nfc(actual)
    if isinstance(expected, datetime) and isinstance(actual, datetime):
        return Fraction(abs(actual - expected) // timedelta(microseconds=1), 10**6) <= Fraction(leeway.seconds())
    if isinstance(expected, date) and isinstance(actual, date):
        return abs((actual - expected).days) <= leeway.days()
    return expected == actual


def _granted(family: str, leeway: Leeway) -> str:
    """Say what was granted, in the words of a report: `` ± 0.5``, `` ± 5 %``."""
    parts = []
    if family == "number":
        absolute, fraction = leeway.number()
        parts = [plain(absolute)] if absolute else []
        parts += [f"{plain(fraction * 100)} %"] if fraction else []
    elif family == "moment" and leeway.seconds():
        parts = [f"{plain(leeway.seconds())} s"]
    elif family == "date" and leeway.days():
        parts = [f"{leeway.days()} d"]
    return f" ± {' or '.join(parts)}" if parts else ""


def _unlike_maps(expected: Mapping[str, Value], actual: Mapping[str, Value], leeway: Leeway, *, ordered: bool) -> Why:
    wanted = {nfc(key): value for key, value in expected.items()}
    found = {nfc(key): value for key, value in actual.items()}
    if wanted.keys() != found.keys():
        missing, extra = [k for k in wanted if k not in found], [k for k in found if k not in wanted]
        parts = [f"lacks {', '.join(missing)}"] if missing else []
        parts += [f"has {', '.join(extra)} besides"] if extra else []
        return f"the map {' and '.join(parts)}"
    for key, value in wanted.items():
        why = unlike(value, found[key], leeway, ordered=ordered)
        if why:
            return f"{key}: {why}"
    return None


def _unlike_lists(expected: Sequence[Value], actual: Sequence[Value], leeway: Leeway, *, ordered: bool) -> Why:
    if len(expected) != len(actual):
        return _differences(expected, actual, leeway, ordered=ordered, exact_size=True)
    if not ordered:
        return _differences(expected, actual, leeway, ordered=False, exact_size=True)
    for index, (wanted, found) in enumerate(zip(expected, actual, strict=True)):
        why = unlike(wanted, found, leeway, ordered=True)
        if why:
            return f"item {index + 1}: {why}"
    return None


# ── items of collections ───────────────────────────────────────────────────────────────────────────────────────────────


def paired(
    expected: Sequence[Value], actual: Sequence[Value], leeway: Leeway, *, ordered: bool
) -> tuple[list[Value], list[Value]]:
    """Return what is left of both when each expected item has been paired with one actual item, as many as possible."""
    if leeway.is_exact():
        return _left_over(expected, actual, ordered=ordered), _left_over(actual, expected, ordered=ordered)
    fits = [
        [n for n, found in enumerate(actual) if unlike(item, found, leeway, ordered=ordered) is None]
        for item in expected
    ]
    partners = fullest_matching(fits)
    used = set(partners)
    missing = [item for item, partner in zip(expected, partners, strict=True) if partner is None]
    return missing, [item for number, item in enumerate(actual) if number not in used]


def _left_over(items: Sequence[Value], others: Sequence[Value], *, ordered: bool) -> list[Value]:
    left = Counter(canonical(item, ordered=ordered) for item in others)
    over = []
    for item in items:
        key = canonical(item, ordered=ordered)
        if left[key]:
            left[key] -= 1
        else:
            over.append(item)
    return over


def canonical(value: Value, *, ordered: bool) -> Hashable:
    """Return something hashable that is equal for values that are alike without any tolerance, and only for them.

    What is like nothing, not even itself (NaN), gets a token of its own.
    """
    family = family_of(value)
    if isinstance(value, tuple):
        items = [canonical(item, ordered=ordered) for item in value]
        return family, tuple(items) if ordered else frozenset(Counter(items).items())
    if isinstance(value, FrozenMap):
        return family, frozenset((nfc(key), canonical(item, ordered=ordered)) for key, item in value.items())
    if family == "number":
        number = exact(value)
        return family, object() if number is None else number
    return family, nfc(value) if isinstance(value, str) else value


def _differences(
    expected: Sequence[Value], actual: Sequence[Value], leeway: Leeway, *, ordered: bool, exact_size: bool
) -> Why:
    missing, extra = paired(expected, actual, leeway, ordered=ordered)
    parts = [f"lacks {_list(missing)}"] if missing else []
    parts += [f"has {_list(extra)} besides"] if extra and exact_size else []
    return f"the collection {' and '.join(parts)}" if parts else None


_LONGEST = 100
"""How much of an item a sentence quotes; the whole stands in what was found."""


def _list(items: Sequence[Value]) -> str:
    names = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…" for name in map(shown, items[:10])]
    return ", ".join(names) + (f" and {len(items) - 10} more" if len(items) > 10 else "")  # noqa: PLR2004


def _is_subsequence(pattern: Sequence[Value], whole: Sequence[Value], leeway: Leeway, *, swapped: bool) -> Why:
    """Say which item of `pattern` has no place in `whole`; taking the first that fits is never worse than a later one."""
    position = 0
    for item in pattern:
        while position < len(whole):
            found = whole[position]
            position += 1
            if unlike(found if swapped else item, item if swapped else found, leeway, ordered=True) is None:
                break
        else:
            return f"{shown(item)} is not there, or not in this order"
    return None


# ── specs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def unmet(spec: Spec, actual: Value, leeway: Leeway = EXACT, *, ordered: bool = False) -> Why:
    """Say why `actual` does not meet `spec`, in which no `Deferred` is left; `ordered` holds where the spec says nothing of order."""
    match spec:
        case Equal(expected) | BooleanSpec(expected):
            return unlike(_value(expected), actual, leeway, ordered=ordered)
        case NumericSpec():
            return _unmet_numeric(spec, actual, leeway)
        case StringSpec(expected, match_type):
            return text_unmet(_value(expected), actual, match_type)
        case CollectionSpec():
            own = spec.order_matters
            return _unmet_collection(spec, actual, leeway, ordered=ordered if own is None else own)


def _value(expected: object) -> Value:
    return expected  # type: ignore[return-value]  # whoever compares has resolved it


def _unmet_numeric(spec: NumericSpec, actual: Value, leeway: Leeway) -> Why:
    expected = _value(spec.expected)
    if expected is not None and (why := unlike(expected, actual, leeway)):
        return why
    found = exact(actual)
    if found is None:
        return f"expected a number, found {typed(actual)}"
    if spec.minimum is not None and found < _bound(spec.minimum):
        return f"expected at least {shown(_value(spec.minimum))}, found {shown(actual)}"
    if spec.maximum is not None and found > _bound(spec.maximum):
        return f"expected at most {shown(_value(spec.maximum))}, found {shown(actual)}"
    return None


def _bound(value: object) -> Fraction:
    number = exact(_value(value))
    if number is None:
        raise TypeError(f"a bound must be a number, not {typed(_value(value))}")
    return number


def text_unmet(expected: Value, actual: Value, match_type: Match) -> Why:
    """Say why the text `actual` does not match `expected`; both are compared in NFC."""
    if not isinstance(expected, str) or not isinstance(actual, str):
        return f"expected {typed(expected)}, found {typed(actual)}"
    if _MATCHES[match_type](nfc(expected), nfc(actual)):
        return None
    return f"expected {_matching(expected, match_type)}, found {shown(actual)}"


_MATCHES: Mapping[Match, Callable[[str, str], bool]] = {
    "exact": lambda expected, actual: expected == actual,
    "contains": lambda expected, actual: expected in actual,
    "regex": lambda expected, actual: re.search(expected, actual) is not None,
    "case_insensitive": lambda expected, actual: nfc(expected.casefold()) == nfc(actual.casefold()),
}


def _matching(expected: str, match_type: Match) -> str:
    words = {"exact": "", "contains": "text with ", "regex": "text that matches ", "case_insensitive": "in any case "}
    return words[match_type] + shown(expected)


def _unmet_collection(spec: CollectionSpec, actual: Value, leeway: Leeway, *, ordered: bool) -> Why:
    if not isinstance(actual, tuple):
        return f"expected a list, found {typed(actual)}"
    return _unmet_items(spec, actual, leeway, ordered=ordered) or _unmet_size(spec, len(actual), leeway)


def _unmet_items(spec: CollectionSpec, actual: tuple[Value, ...], leeway: Leeway, *, ordered: bool) -> Why:
    expected = _value(spec.expected_items)
    if expected is None:
        return None
    if not isinstance(expected, tuple):
        return f"expected {typed(expected)}, found {typed(actual)}"
    if spec.match_type == "exact":
        return _unlike_lists(expected, actual, leeway, ordered=ordered)
    if spec.match_type == "subset":
        if ordered:
            return _is_subsequence(actual, expected, leeway, swapped=True)
        strangers = [item for item in actual if all(unlike(known, item, leeway) for known in expected)]
        return f"the collection has {_list(strangers)} besides" if strangers else None
    if ordered:
        return _is_subsequence(expected, actual, leeway, swapped=False)
    return _differences(expected, actual, leeway, ordered=False, exact_size=False)


def _unmet_size(spec: CollectionSpec, size: int, leeway: Leeway) -> Why:
    wanted = spec.expected_count
    if wanted is not None and abs(size - wanted) > Fraction(leeway.size()) * wanted:
        return f"expected {wanted} items, found {size}"
    if spec.min_count is not None and size < spec.min_count:
        return f"expected at least {spec.min_count} items, found {size}"
    if spec.max_count is not None and size > spec.max_count:
        return f"expected at most {spec.max_count} items, found {size}"
    return None


# ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def nfc(text: str) -> str:
    """Return `text` in Unicode's composed form, in which equal-looking texts are equal."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def shown(value: Value) -> str:
    """Return `value` as messages show it: a text in quotes, anything else as a person would write it."""
    return f'"{value}"' if isinstance(value, str) else plain(value)


def typed(value: Value) -> str:
    """Return `value` with its type's word, to tell ``int 1`` from ``text "1"``."""
    return "null" if value is None else f"{type_name(value)} {shown(value)}"


def words(spec: Spec, leeway: Leeway = EXACT) -> str:
    """Return what `spec` asks for, as the column `expected` of a report says it."""
    match spec:
        case Equal(expected) | BooleanSpec(expected):
            value = _value(expected)
            return shown(value) + _granted(family_of(value), leeway)
        case NumericSpec():
            return _numeric_words(spec, leeway)
        case StringSpec(expected, match_type):
            value = _value(expected)
            return _matching(value, match_type) if isinstance(value, str) else shown(value)
        case CollectionSpec():
            return _collection_words(spec, leeway)


def _numeric_words(spec: NumericSpec, leeway: Leeway) -> str:
    expected, low, high = (_value(part) for part in (spec.expected, spec.minimum, spec.maximum))
    parts = [] if expected is None else [shown(expected) + _granted("number", leeway)]
    parts += [] if low is None else [f"≥ {shown(low)}"]
    parts += [] if high is None else [f"≤ {shown(high)}"]
    return " and ".join(parts)


def _collection_words(spec: CollectionSpec, leeway: Leeway) -> str:
    parts = []
    expected = _value(spec.expected_items)
    if isinstance(expected, tuple):
        lead = {"exact": "", "subset": "only items of "}.get(spec.match_type, "all of ")
        parts.append(lead + plain(expected) + (" in this order" if spec.order_matters else ""))
    if spec.expected_count is not None:
        granted = f" ± {plain(leeway.size() * 100)} %" if leeway.size() else ""
        parts.append(f"{spec.expected_count} items{granted}")
    parts += [] if spec.min_count is None else [f"at least {spec.min_count} items"]
    parts += [] if spec.max_count is None else [f"at most {spec.max_count} items"]
    return ", ".join(parts)
