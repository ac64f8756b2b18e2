"""What an absence costs: the parts of duties that are lost, and the minutes of them that somebody must cover."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from residency.calendar import Interval, clip, merge, subtract, union
from residency.model import Change, Duty, DutyKind
from residency.policy.settings import SupervisionRatio
from residency.services import crowds, gaps, supervised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from residency.load import Book
    from residency.model import Role

#: Marks the id of what is left of a duty after its middle or beginning went; no stored id has it.
REST_MARK = "~"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a duty that its holder no longer works."""

    duty: Duty
    start: int
    end: int

    @property
    def interval(self) -> Interval:
        """Start and end."""
        return (self.start, self.end)


class Shortage(NamedTuple):
    """An interval in which a service misses so many people of a role."""

    start: int
    end: int
    missing: int


def origin_of(duty_id: str) -> str:
    """The id of the stored duty that a part belongs to."""
    return duty_id.split(REST_MARK, 1)[0]


def absent_persons(book: Book, clock: int) -> tuple[str, ...]:
    """Everybody with a duty from the clock on that approved leave touches, sorted."""
    return tuple(sorted(person_id for person_id in book.schedule.timelines if lost_parts(book, person_id, clock)))


def lost_parts(book: Book, person_id: str, clock: int) -> tuple[Part, ...]:
    """What approved leave takes of a person's duties that have not ended at the clock; moonlighting elsewhere is their own affair."""
    timeline = book.schedule.timeline(person_id)
    return tuple(
        Part(duty, start, end)
        for leave_start, leave_end in timeline.leave
        for duty in timeline.duties_in(leave_start, leave_end)
        if duty.end > clock and duty.kind is not DutyKind.MOONLIGHT_EXT
        for start, end in clip([(duty.start, duty.end)], (leave_start, leave_end))
    )


def without(duty: Duty, holes: Iterable[Interval]) -> tuple[Duty, ...]:
    """What is left of a duty outside `holes`; the first piece keeps its id, the others are marked."""
    pieces = subtract([(duty.start, duty.end)], merge(sorted(holes)))
    origin = origin_of(duty.id)
    return tuple(
        replace(duty, id=duty.id if number == 0 else f"{origin}{REST_MARK}{start}", start=start, end=end)
        for number, (start, end) in enumerate(pieces)
    )


def cutting(parts: Iterable[Part]) -> Change:
    """The change that takes parts out of their duties."""
    holes: dict[Duty, list[Interval]] = {}
    for part in parts:
        holes.setdefault(part.duty, []).append(part.interval)
    left = [piece for duty, intervals in holes.items() for piece in without(duty, intervals)]
    return Change(added=tuple(left), removed=tuple(holes))


def needed_intervals(book: Book, part: Part, claims: Iterable[Interval]) -> list[Interval]:
    """The minutes of a part in which its service misses its holder.

    Args:
        book: without the part.
        part: what its holder no longer works.
        claims: intervals on the same service, for the same role, that others are already asked to cover.
    """
    claimed = list(claims)
    found = (_beyond_claims(shortage, claimed) for shortage in shortages_of(book, part))
    return union(*found)


def shortages_of(book: Book, part: Part) -> Iterator[Shortage]:
    """Where the service of a part misses people of its holder's role, or supervisors if the holder is one."""
    holder = book.person(part.duty.person_id)
    if holder is None or part.duty.rotation_id is None:
        return
    if part.duty.kind.traits.covers:
        yield from _uncovered(book, part, holder.role)
    if part.duty.kind.traits.supervised and holder.can_supervise and not holder.is_resident:
        yield from unsupervised(book, part)


def _uncovered(book: Book, part: Part, role: Role) -> Iterator[Shortage]:
    service = book.schedule.service(part.duty.rotation_id or "")
    for gap in gaps(book.schedule, service, part.interval):
        if gap.role is role:
            yield Shortage(gap.start, gap.end, gap.needed - gap.present)


def unsupervised(book: Book, part: Part) -> Iterator[Shortage]:
    """Where the service of a part has fewer supervisors than its residents ask for."""
    service = book.schedule.service(part.duty.rotation_id or "")
    if service.rotation is None or not service.rotation.requires_supervision:
        return
    present = supervised(book.schedule, service, part.interval)
    for setting in book.settings.rules.of(SupervisionRatio):
        for ratio, pgy1 in ((setting.pgy1, True), (setting.senior, False)):
            for crowd in crowds(book.schedule.persons, present, ratio, pgy1=pgy1):
                missing = -(-len(crowd.residents) // ratio) - len(crowd.supervisors)
                yield Shortage(crowd.start, crowd.end, missing)


def _beyond_claims(shortage: Shortage, claims: Sequence[Interval]) -> list[Interval]:
    """The part of a shortage that is greater than the number of claims on it."""
    inside = clip(claims, (shortage.start, shortage.end))
    moments = sorted({shortage.start, shortage.end, *(moment for interval in inside for moment in interval)})
    pieces = itertools.pairwise(moments)
    return merge(
        [piece for piece in pieces if sum(start <= piece[0] < end for start, end in inside) < shortage.missing],
    )
