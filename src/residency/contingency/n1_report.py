"""An N-1 analysis as Markdown that a chief resident acts on: the short of it first, what to do, then day by day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from residency.calendar import DAY, date_of, weekday_of
from residency.contingency.n1_result import N1Result
from residency.policy.settings import (
    CallFrequency,
    Coverage,
    DutyPeriodLimit,
    LeaveExclusion,
    OneDayInSeven,
    Qualification,
    RestAfterCall,
    WeeklyHours,
)
from residency.wording import counted, day_text, days_text, hours_text, span_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from residency.contingency.hindrances import Hindrance
    from residency.contingency.needs import Part
    from residency.contingency.pair_sweep import Meeting
    from residency.contingency.sweep import Answer

#: How many rows each list of the report has at most; what is left out is counted.
MOST_ROWS = 12
#: How many days are told in detail.
MOST_DAYS = 8
#: How many people are named for one obstacle.
MOST_NAMES = 3
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_OBSTACLES: Mapping[str, str] = {
    Coverage.stem: "Needed where they are",
    Qualification.stem: "Not qualified",
    WeeklyHours.stem: "Too many hours",
    OneDayInSeven.stem: "A day off that is due",
    RestAfterCall.stem: "Rest after a long duty",
    DutyPeriodLimit.stem: "On duty for too long",
    CallFrequency.stem: "On call too often",
    LeaveExclusion.stem: "Away, or on their free day",
    "double_booking": "On this service already, or elsewhere",
    "pinned": "Held by a pinned duty",
}


class Place(NamedTuple):
    """A service at a time of day."""

    rotation_id: str
    start: int
    end: int


@dataclass(frozen=True)
class _View:
    """The result, looked at the ways that the report needs."""

    result: N1Result

    @cached_property
    def gaps(self) -> tuple[Answer, ...]:
        """What cannot be covered, the longest first."""
        found = (answer for answer in self.result.answers if answer.uncovered)
        return tuple(sorted(found, key=lambda item: (-item.gap_minutes, item.day, item.persons)))

    @cached_property
    def only(self) -> tuple[Answer, ...]:
        """What one colleague alone could cover."""
        return tuple(answer for answer in self.result.answers if answer.choices == 1)

    @cached_property
    def chains(self) -> tuple[Answer, ...]:
        """What needs more than one step for a duty."""
        return tuple(answer for answer in self.result.answers if any(move.level > 1 for move in answer.moves))

    def person(self, name: str) -> str:
        """Somebody's name, with the id where that differs."""
        person = self.result.people.get(name)
        full = f"{person.first_name} {person.last_name}".strip() if person is not None else ""
        return f"{full} ({name})" if full and full != name else name

    def service(self, rotation_id: str | None) -> str:
        """A service's name."""
        rotation = self.result.services.get(rotation_id or "")
        return rotation.name or rotation.id if rotation is not None else rotation_id or "other duty"

    def place(self, place: Place) -> str:
        """A service and its hours."""
        start, end = place.start % DAY, place.end % DAY
        return f"{self.service(place.rotation_id)}, {_clock(start)}–{_clock(end)}"


def n1_report(result: N1Result) -> str:
    """Write a result down as Markdown."""
    view = _View(result)
    sections = (
        _head(view),
        _first_steps(view),
        _uncovered(view),
        _only_one(view),
        _days(view),
        _pairs(view),
        _method(view),
    )
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


# ── the short of it ────────────────────────────────────────────────────────────────────────────────────────────────────


def _head(view: _View) -> list[str]:
    result = view.result
    answers, gaps = result.answers, view.gaps
    spared = sum(not answer.moves and not answer.uncovered for answer in answers)
    covered = sum(bool(answer.moves) and not answer.uncovered for answer in answers)
    hours = hours_text(sum(answer.gap_minutes for answer in gaps))
    days = len({answer.day for answer in gaps})
    lines = [
        f"# If one person falls out: {days_text(*result.days)}",
        "",
        f"{counted(len(result.people), 'person')}, {counted((result.days[1] - result.days[0]) // DAY, 'day')}: "
        f"{len(answers):,} times the question *what if this person falls out on this day?*".replace(
            "persons", "people"
        ),
        "",
        f"- **{spared:,}** times nobody has to come: no duty that day, or enough others there.",
        f"- **{covered:,}** times colleagues cover it without breaking a rule"
        + (f"; {len(view.chains):,} of these need a chain of replacements." if view.chains else "."),
    ]
    if gaps:
        lines.append(f"- **{len(gaps):,}** times nobody can: {hours} hours in all, on {counted(days, 'day')}.")
    else:
        lines.append("- **Never** does a service stay without the people that it needs.")
    if view.only:
        lines.append(f"- **{len(view.only):,}** times exactly one colleague could come: single points of failure.")
    if result.pairs is not None:
        lines.append(f"- {_pairs_in_short(result.pairs.meetings, result.pairs.asked)}")
    return lines


def _pairs_in_short(meetings: Sequence[Meeting], asked: int) -> str:
    worse = [meeting for meeting in meetings if meeting.synergy > 0]
    if not worse:
        return f"Two at once: of {asked:,} pairs none opens a gap that neither opens alone."
    hours = hours_text(sum(meeting.synergy for meeting in worse))
    return f"Two at once: of {asked:,} pairs {len(worse):,} open a gap that neither opens alone, {hours} hours in all."


# ── what to do first ───────────────────────────────────────────────────────────────────────────────────────────────────


def _first_steps(view: _View) -> list[str]:
    """Ranked by the hours that each step helps with."""
    steps = sorted(
        (*_skill_steps(view), *_reserve_steps(view), *_relief_steps(view)), key=lambda step: (-step[0], step[1])
    )
    if not steps:
        return ["## What to do first", "", "Nothing is urgent."]
    told = [f"{number}. {text}" for number, (_, text) in enumerate(steps[:5], start=1)]
    return ["## What to do first", "", *told]


def _skill_steps(view: _View) -> Iterable[tuple[int, str]]:
    """Who would close gaps if they held what a service asks for."""
    found: dict[tuple[str, str], int] = {}
    for answer, hindrances in view.result.hindrances.items():
        for hindrance in hindrances:
            if hindrance.is_skill_alone:
                key = (answer.uncovered[0].duty.rotation_id or "", hindrance.person)
                found[key] = found.get(key, 0) + answer.gap_minutes
    best: dict[str, tuple[int, str]] = {}
    for (rotation, name), minutes in sorted(found.items()):
        if minutes > best.get(rotation, (0, ""))[0]:
            best[rotation] = (minutes, name)
    for rotation, (minutes, name) in best.items():
        text = f"**Qualify {view.person(name)} for {view.service(rotation)}**: free and rested for {hours_text(minutes)} of the hours"
        yield minutes, f"{text} below that nobody covers, and kept from them by qualification alone."


def _reserve_steps(view: _View) -> Iterable[tuple[int, str]]:
    """Where somebody in reserve would close gaps."""
    for place, answers in _by_place(view.gaps).items():
        minutes = sum(answer.gap_minutes for answer in answers)
        days = sorted({answer.day for answer in answers})
        text = f"**Put somebody in reserve for {view.place(place)}** on {_dates(days)}: {hours_text(minutes)} hours"
        yield minutes, f"{text} would be open, whoever of {counted(len(_fallen(answers)), 'colleague')} falls out."


def _relief_steps(view: _View) -> Iterable[tuple[int, str]]:
    """Who is the only answer too often: a second one is worth more than anything else there."""
    for name, answers in _by_taker(view.only).items():
        minutes = sum(move.part.end - move.part.start for answer in answers for move in answer.moves)
        places = Counter(_place(answer.moves[0].part) for answer in answers)
        place, times = places.most_common(1)[0]
        text = f"**Find a second backup beside {view.person(name)} for {view.place(place)}**: "
        yield minutes // 4, f"{text}the only one who could come on {counted(times, 'occasion')}."


# ── what is not covered, and by one alone ──────────────────────────────────────────────────────────────────────────────


def _uncovered(view: _View) -> list[str]:
    if not view.gaps:
        return []
    lines = [
        "## Where nobody can come",
        "",
        "| service | days | open, in hours | when | if one of these falls out |",
        "|---|--:|--:|---|---|",
    ]
    rows = sorted(_by_place(view.gaps).items(), key=lambda row: (-sum(item.gap_minutes for item in row[1]), row[0]))
    for place, answers in rows[:MOST_ROWS]:
        days = sorted({answer.day for answer in answers})
        hours = hours_text(sum(answer.gap_minutes for answer in answers))
        names = _names(view, _fallen(answers), MOST_NAMES)
        lines.append(f"| {view.place(place)} | {len(days)} | {hours} | {_dates(days)} | {names} |")
    return [*lines, *_more(len(rows), "places")]


def _only_one(view: _View) -> list[str]:
    if not view.only:
        return []
    lines = [
        "## Single points of failure",
        "",
        "Only one colleague could take it at once. Without that one it takes a chain of replacements, or stays open.",
        "",
    ]
    lines += ["| the only one | times | for | first dates |", "|---|--:|---|---|"]
    rows = sorted(_by_taker(view.only).items(), key=lambda row: (-len(row[1]), row[0]))
    for name, answers in rows[:MOST_ROWS]:
        places = Counter(_place(answer.moves[0].part) for answer in answers)
        told = "; ".join(f"{view.place(place)} ({times})" for place, times in places.most_common(2))
        days = sorted({answer.day for answer in answers})
        lines.append(f"| {view.person(name)} | {len(answers)} | {told} | {_dates(days)} |")
    return [*lines, *_more(len(rows), "people")]


# ── day by day ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _days(view: _View) -> list[str]:
    """The worst days, with who could come and what stands in the way."""
    told: dict[Place, tuple[Answer, tuple[Hindrance, ...]]] = {}
    for answer, hindrances in sorted(
        view.result.hindrances.items(), key=lambda row: (-row[0].gap_minutes, row[0].day, row[0].persons)
    ):
        told.setdefault(_place(answer.uncovered[0]), (answer, hindrances))
    if not told:
        return []
    lines = ["## What stands in the way", "", "The worst day of each service, colleague by colleague."]
    for answer, hindrances in list(told.values())[:MOST_DAYS]:
        lines += ["", *_day(view, answer, hindrances)]
    return [*lines, *_more(len(told), "services", MOST_DAYS)]


def _day(view: _View, answer: Answer, hindrances: Sequence[Hindrance]) -> list[str]:
    names = " and ".join(view.person(name) for name in answer.persons)
    lines = [f"### {_weekday(answer.day)}, {day_text(answer.day)} {date_of(answer.day).year}: {names} falls out", ""]
    lines += [
        f"- **Open**: {view.service(part.duty.rotation_id)}, {span_text(part.start, part.end)}."
        for part in answer.uncovered
    ]
    for move in answer.moves:
        text = f"{view.person(move.to_person)} takes {view.service(move.part.duty.rotation_id)}"
        lines.append(f"- Covered: {text}, {span_text(move.part.start, move.part.end)}.")
    grouped: dict[str, list[Hindrance]] = {}
    for hindrance in hindrances:
        grouped.setdefault(hindrance.reason.code, []).append(hindrance)
    for code, found in sorted(grouped.items(), key=lambda row: (len(row[1]), row[0])):
        label = _OBSTACLES.get(code, code.replace("_", " "))
        lines.append(f"- {label} ({len(found)}): {_examples(found)}")
    return lines


def _examples(found: Sequence[Hindrance]) -> str:
    """The reasons of those who come nearest, in their own words."""
    nearest = sorted(found, key=lambda item: (_excess(item), item.person))[:MOST_NAMES]
    told = " ".join(item.reason.text.rstrip(".") + "." for item in nearest)
    skilled = [item.person for item in found if item.is_skill_alone]
    return f"{told} Nothing else keeps {', '.join(skilled[:MOST_NAMES])}." if skilled else told


def _excess(hindrance: Hindrance) -> int:
    reason = hindrance.reason
    return abs(reason.measured - reason.limit) if reason.measured is not None and reason.limit is not None else 0


# ── pairs, and how it was found ────────────────────────────────────────────────────────────────────────────────────────


def _pairs(view: _View) -> list[str]:
    pairs = view.result.pairs
    worse = sorted(
        (meeting for meeting in (pairs.meetings if pairs is not None else ()) if meeting.synergy > 0),
        key=lambda item: (-item.synergy, item.day, item.persons),
    )
    if not worse:
        return []
    lines = ["## Two at once", "", "Hours that stay open only because both are away.", ""]
    lines += ["| day | who | open | of these, alone |", "|---|---|--:|--:|"]
    for item in worse[:MOST_ROWS]:
        who = " and ".join(view.person(name) for name in item.persons)
        day = f"{_weekday(item.day)}, {day_text(item.day)}"
        lines.append(f"| {day} | {who} | {hours_text(item.gap_minutes)} | {hours_text(item.alone)} |")
    often = Counter(name for item in worse for name in item.persons).most_common(MOST_NAMES)
    told = ", ".join(f"{view.person(name)} ({times})" for name, times in often)
    return [*lines, *_more(len(worse), "pairs"), "", f"Most often among them: {told}."]


def _method(view: _View) -> list[str]:
    result = view.result
    unproven = sum(not answer.is_proven for answer in result.answers)
    lines = [
        "## How this was found",
        "",
        "Somebody who falls out on a day is away from its beginning (or from the end of the night before) until it is over, and until the",
        "duties that begin on it are. A replacement breaks no rule, opens no gap elsewhere, and is nobody who is away or has a free day;",
        "of all plans the one with the least gap, the fewest moves and the fewest people is taken, along the backup order.",
    ]
    if unproven:
        lines += ["", f"{unproven} answers are the best that was seen, not proven to be the best."]
    else:
        lines += ["", "Every answer is proven: no other plan leaves less open or moves fewer duties."]
    if result.pairs is not None:
        lines.append(f"Of the pairs {result.pairs.searched:,} were searched one by one; all others add up.")
    return lines


# ── small words ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _place(part: Part) -> Place:
    start = part.start % DAY
    return Place(part.duty.rotation_id or "", start, start + part.end - part.start)


def _by_place(answers: Iterable[Answer]) -> dict[Place, list[Answer]]:
    found: dict[Place, list[Answer]] = {}
    for answer in answers:
        found.setdefault(_place(answer.uncovered[0]), []).append(answer)
    return found


def _by_taker(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.moves[0].to_person, []).append(answer)
    return found


def _fallen(answers: Iterable[Answer]) -> list[str]:
    return sorted({name for answer in answers for name in answer.persons})


def _names(view: _View, names: Sequence[str], most: int) -> str:
    told = ", ".join(view.person(name) for name in names[:most])
    return told if len(names) <= most else f"{told} and {len(names) - most} more"


def _dates(days: Sequence[int]) -> str:
    told = ", ".join(f"{_weekday(day)} {day_text(day)}" for day in days[:MOST_NAMES])
    return told if len(days) <= MOST_NAMES else f"{told} and {len(days) - MOST_NAMES} more"


def _weekday(day: int) -> str:
    return _WEEKDAYS[weekday_of(day)]


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _more(number: int, what: str, shown: int = MOST_ROWS) -> list[str]:
    return ["", f"… and {number - shown} more {what}."] if number > shown else []
