"""Whether a decision may stand: it may make no breach new or worse. Facts are recorded whatever they break."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from residency.compliance import blocking, new_or_worse
from residency.decisions import reason_of
from residency.model import Severity
from residency.policy import INTEGRITY_STEMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.domain import Reason
    from residency.load import Book
    from residency.rules import Record


def breaches(before: Book, after: Book, *, known: Iterable[Record] = ()) -> tuple[Record, ...]:
    """The breaches that refuse a decision: violations and policies that it makes new or worse.

    With `acgme_enabled: false` only the integrity rules refuse.

    Args:
        before: the roster that is decided about.
        after: the roster as the decision leaves it.
        known: breaches that are there already though `before` does not show them, since a fact made them.
    """
    found = blocking(new_or_worse((*before.records, *known), after.records))
    if after.settings.acgme_enabled:
        return found
    return tuple(record for record in found if record.rule in INTEGRITY_STEMS)


def advisories(before: Book, after: Book) -> tuple[Record, ...]:
    """The advisories that a decision makes new or worse: listed, never blocking."""
    found = new_or_worse(before.records, after.records)
    return tuple(record for record in found if record.severity is Severity.ADVISORY)


def refusals(before: Book, after: Book, *, known: Iterable[Record] = ()) -> tuple[Reason, ...]:
    """The breaches that refuse a decision, as reasons; `known` as in `breaches`."""
    return tuple(reason_of(record) for record in breaches(before, after, known=known))


def refusals_of(before: Book, after: Book, person_id: str) -> tuple[Reason, ...]:
    """The breaches of one person that refuse a decision, as reasons; what happens to services is not looked at."""
    one, other = (replace(book, known=book.judgement.of_person(person_id)) for book in (before, after))
    return refusals(one, other)
