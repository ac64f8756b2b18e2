"""What is wrong across the rows of a set-up, each mistake with its place: the columns *wrong* of the format's section 4."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from rehearse.errors import Problem, did_you_mean
from residency.calendar import HOUR
from residency.model import DutyKind, RequestStatus, Role, Severity
from residency.policy.settings import DoubleBooking
from residency.rules.double_booking import double_booking
from residency.schedule import Schedule
from residency.setup.draft import Draft, Made, make_draft
from residency.setup.intervals import IntervalError, duty_interval, kind_of_word, shift_intervals, span_intervals
from residency.setup.mentions import mentions
from residency.setup.packs import rules_of
from residency.setup.rows import BackupRow, ConstraintsRow, DutyFields, PersonRow, RotationRow, ShiftFields, SpanFields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rehearse.domain import StepParameters
    from rehearse.errors import Code, Complaints
    from rehearse.scenario import Placed, World
    from rehearse.source import Span
    from residency.model import Duty
    from residency.settings import Settings

_USUAL_WEEK = 80 * HOUR
_LONGEST_WEEK = 88 * HOUR


def check(world: World, steps: tuple[StepParameters, ...], settings: Settings, complaints: Complaints) -> None:
    """Complain of everything that is wrong across rows, constraints and the parameters of steps."""
    draft = make_draft(world, settings.periods)
    for mistake in draft.mistakes:
        _complain_of_interval(complaints, mistake.error, mistake.row)
    for problem in (
        *rules_of(world)[1],
        *_constraint_problems(world),
        *_unknown_rows(world, steps),
        *_person_problems(draft, settings),
        *_rotation_problems(draft),
        *_period_problems(draft),
        *_duty_problems(draft, settings),
        *_absence_problems(draft),
        *_backup_problems(draft),
        *_holiday_problems(draft),
        *_step_problems(draft, steps, settings),
    ):
        complaints.add(problem)


def _problem(code: Code, summary: str, made: Made[object] | Placed[object], remedy: str, *fields: str) -> Problem:
    row, section = (made.row, made.section) if isinstance(made, Made) else (made, "")
    field = f"setup.{section}[{row.index - 1}]" + (f".{fields[0]}" if fields else "") if section else ""
    return Problem(code, summary, row.at(*fields), remedy, field)


def _twice(
    code: Code, summary: str, made: Made[object], first: Made[object], *fields: str, remedy: str = ""
) -> Problem:
    field = f"setup.{made.section}[{made.row.index - 1}]" + (f".{fields[0]}" if fields else "")
    return Problem(code, summary, made.row.at(*fields), remedy, field, (("the other one", first.row.at(*fields)),))


def _complain_of_interval(complaints: Complaints, error: IntervalError, row: Placed[object]) -> None:
    complaints.add(
        Problem(error.code, error.summary, row.at(*error.fields), error.remedy, error.fields[0] if error.fields else "")
    )


def _constraint_problems(world: World) -> Iterator[Problem]:
    row = world.constraints.value
    if isinstance(row, ConstraintsRow) and row.horizon is not None and row.horizon.end < row.horizon.start:
        span = world.constraints.at("horizon")
        yield Problem(
            "conflict", "the horizon ends before it begins", span, "put its days in order", "setup.constraints.horizon"
        )


# ── names ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _unknown_rows(world: World, steps: Iterable[StepParameters]) -> Iterator[Problem]:
    """Complain of what no row has; where others may be there, the database and the operations have the word."""
    if world.has_others:
        return
    known = {
        section: {getattr(placed.value, "id", None) or f"{section}-{placed.index}" for placed in rows}
        for section, rows in world.sections.items()
    }
    for section, rows in world.sections.items():
        for placed in rows:
            for mention in mentions(placed.value):
                if mention.id not in known.get(mention.section, ()):
                    place = f"setup.{section}[{placed.index - 1}].{mention.field}"
                    yield _unknown(mention.section, mention.id, known, placed.at(mention.field), place)
    for step in steps:
        for mention in mentions(step.parameters):
            if mention.section in ("persons", "rotations") and mention.id not in known.get(mention.section, ()):
                span = step.spans.get(mention.field, step.span)
                yield _unknown(mention.section, mention.id, known, span, f"{step.name}.parameters.{mention.field}")


def _unknown(section: str, name: str, known: dict[str, set[str]], span: Span, field: str) -> Problem:
    remedy = did_you_mean(name, known.get(section, ()))
    return Problem("unknown-name", f"`{name}` is in no row of `{section}`", span, remedy, field)


# ── people and services ────────────────────────────────────────────────────────────────────────────────────────────────


def _person_problems(draft: Draft, settings: Settings) -> Iterator[Problem]:
    limits = [
        item.limit for item in settings.rules.weekly if item.limit is not None and item.severity is Severity.VIOLATION
    ]
    highest = min(limits, default=None)
    known_wishes = {"off", "on", *(made.value.id for made in draft.rotations)}
    for made in draft.persons:
        person, row = made.value, made.row.value
        if person.role is Role.RESIDENT and person.pgy_level is None:
            yield _problem(
                "missing-key", f"`{person.id}` is a resident and needs `pgy_level`", made, "write 1 to 8", "id"
            )
        if person.role is not Role.RESIDENT and person.pgy_level is not None:
            yield _problem("conflict", "only residents have a `pgy_level`", made, "leave it out", "pgy_level")
        if person.role is Role.RESIDENT and person.can_supervise:
            yield _problem(
                "conflict", "a resident cannot supervise", made, "leave `can_supervise` out", "can_supervise"
            )
        limit = person.max_weekly_minutes
        if limit is not None and highest is not None and limit > highest:
            remedy = f"a personal limit tightens: at most {highest / HOUR:g}"
            yield _problem(
                "conflict",
                "`max_hours_per_week` is above the rule pack's own limit",
                made,
                remedy,
                "max_hours_per_week",
            )
        for wish in row.preferences if isinstance(row, PersonRow) else ():
            if wish.want not in known_wishes:
                summary = f"`{wish.want}` is neither off, on nor a rotation"
                yield _problem("unknown-name", summary, made, did_you_mean(wish.want, known_wishes), "preferences")


def _rotation_problems(draft: Draft) -> Iterator[Problem]:
    for made in draft.rotations:
        rotation, row = made.value, made.row.value
        if (
            rotation.max_persons is not None
            and rotation.max_persons < rotation.min_persons
            and isinstance(row, RotationRow)
        ):
            summary = f"`max_persons` {rotation.max_persons} is below `min_persons` {rotation.min_persons}"
            yield _problem("conflict", summary, made, "raise one or lower the other", "max_persons")


def _period_problems(draft: Draft) -> Iterator[Problem]:
    held: dict[str, list[Made[object]]] = {}
    for made in draft.periods:
        period = made.value
        held.setdefault(period.person_id, []).append(made)
        if period.weekly_limit is None:
            continue
        if not _USUAL_WEEK < period.weekly_limit <= _LONGEST_WEEK:
            yield _problem(
                "bad-value",
                "an exception is over 80 and up to 88 hours",
                made,
                "allowed: 80 < h ≤ 88",
                "weekly_limit_hours",
            )
        for name, there in (("rotation_id", period.rotation_id), ("granted_by", period.granted_by)):
            if not there:
                summary = f"`weekly_limit_hours` needs `{name}`"
                yield _problem(
                    "missing-key",
                    summary,
                    made,
                    "an exception is granted for a rotation, by somebody",
                    "weekly_limit_hours",
                )
    for rows in held.values():
        yield from _overlapping(rows, "rotation periods", "start_date")


def _overlapping(rows: Iterable[Made[object]], what: str, *fields: str) -> Iterator[Problem]:
    """Rows of one person that share a minute with the one before them."""
    ordered = sorted(rows, key=lambda made: (made.value.start, made.value.end))  # type: ignore[attr-defined]
    for first, second in pairwise(ordered):
        if second.value.start < first.value.end:  # type: ignore[attr-defined]
            person = second.value.person_id  # type: ignore[attr-defined]
            yield _twice(
                "conflict", f"two {what} of `{person}` overlap", second, first, *fields, remedy="shorten one of them"
            )


# ── duties, absences ───────────────────────────────────────────────────────────────────────────────────────────────────


def _duty_problems(draft: Draft, settings: Settings) -> Iterator[Problem]:
    for made in draft.duties:
        if made.value.rotation_id is None and made.value.kind.traits.covers:
            summary = f"a duty of kind `{made.value.kind.value}` covers a service and needs `rotation_id`"
            yield _problem("missing-key", summary, made, "name the rotation", "rotation_id", "kind")
    if not settings.rules.in_force(DoubleBooking.stem):
        return
    places: dict[str, Made[Duty]] = {made.value.id: made for made in draft.duties}
    schedule = Schedule.of(draft.roster(), settings.horizon)
    for timeline in schedule.timelines.values():
        for record in double_booking(timeline, DoubleBooking()):
            if set(record.duty_ids) <= places.keys():
                first, second = sorted(
                    (places[duty_id] for duty_id in record.duty_ids), key=lambda made: made.row.index
                )
                summary = f"two duties of `{timeline.person_id}` overlap"
                yield _twice("conflict", summary, second, first, remedy="nobody is in two places at once")


def _absence_problems(draft: Draft) -> Iterator[Problem]:
    written = {made.value.id: made for made in draft.absences if made.section == "absences"}
    held: dict[str, list[Made[object]]] = {}
    for made in draft.absences:
        if made.section == "leave_requests" and made.value.id in written:
            summary = f"the approved request `{made.value.id}` makes the absence of that id"
            yield _twice("duplicate-id", summary, made, written[made.value.id], "id", remedy="leave the absence out")
        elif made.value.status in (RequestStatus.APPROVED, RequestStatus.PENDING):
            held.setdefault(made.value.person_id, []).append(made)
    for rows in held.values():
        yield from _overlapping(rows, "absences")


# ── backups, holidays ──────────────────────────────────────────────────────────────────────────────────────────────────


def _backup_problems(draft: Draft) -> Iterator[Problem]:
    ranks: dict[tuple[str, int], Made[object]] = {}
    for made in draft.backups:
        backup = made.value
        if backup.person_id == backup.backup_id:
            summary = f"`{backup.person_id}` cannot back themselves"
            yield _problem("conflict", summary, made, "name somebody else", "backup_id", "backup_for")
        key = (backup.person_id, backup.rank)
        if key in ranks and isinstance(made.row.value, BackupRow):
            summary = f"`{backup.person_id}` has two backups of rank {backup.rank}"
            yield _twice("conflict", summary, made, ranks[key], "rank", remedy="ranks are an order: use each once")
        ranks.setdefault(key, made)
    circle = find_circle([(made.value.person_id, made.value.backup_id) for made in draft.backups])
    if circle:
        yield _circle_problem(draft, circle)


def _circle_problem(draft: Draft, circle: tuple[str, ...]) -> Problem:
    links = tuple(pairwise((*circle, circle[0])))
    rows = {(made.value.person_id, made.value.backup_id): made for made in draft.backups}
    members = " → ".join((*circle, circle[0]))
    last, first = rows[links[-1]], rows[links[0]]
    return Problem(
        "conflict",
        f"the backups {members} are a circle",
        last.row.at("backup_id", "backup_for"),
        "take one of these backups out",
        f"setup.{last.section}[{last.row.index - 1}]",
        ((f"the circle begins here: `{links[0][1]}` backs `{links[0][0]}`", first.row.at("backup_id", "backup_for")),),
    )


def find_circle(links: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The members of the first circle of at least two, from its smallest member; empty if there is none."""
    following: dict[str, list[str]] = {}
    for person, backup in links:
        if person != backup:
            following.setdefault(person, []).append(backup)
    finished: set[str] = set()
    for start in sorted(following):
        circle = _walk(start, following, finished)
        if circle:
            least = circle.index(min(circle))
            return (*circle[least:], *circle[:least])
    return ()


def _walk(start: str, following: dict[str, list[str]], finished: set[str]) -> tuple[str, ...]:
    path: list[str] = [start]
    branches = [iter(sorted(following.get(start, ())))]
    while branches:
        step = next(branches[-1], None)
        if step is None:
            finished.add(path.pop())
            branches.pop()
        elif step in path:
            return tuple(path[path.index(step) :])
        elif step not in finished:
            path.append(step)
            branches.append(iter(sorted(following.get(step, ()))))
    return ()


def _holiday_problems(draft: Draft) -> Iterator[Problem]:
    seen: dict[int, Made[object]] = {}
    for made in draft.holidays:
        if made.value.start in seen:
            yield _twice(
                "conflict", "two holidays on one date", made, seen[made.value.start], "date", remedy="name the day once"
            )
        seen.setdefault(made.value.start, made)


# ── steps ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _step_problems(draft: Draft, steps: Iterable[StepParameters], settings: Settings) -> Iterator[Problem]:
    for step in steps:
        error = _interval_error(step.parameters, draft, settings)
        if error is not None:
            span = next((step.spans[name] for name in error.fields if name in step.spans), step.span)
            place = f"{step.name}.parameters" + (f".{error.fields[0]}" if error.fields else "")
            yield Problem(error.code, f"`{step.operation}`: {error.summary}", span, error.remedy, place)


def _interval_error(parameters: object, draft: Draft, settings: Settings) -> IntervalError | None:
    try:
        if isinstance(parameters, DutyFields):
            rotation = next((made.value for made in draft.rotations if made.value.id == parameters.rotation_id), None)
            kind = kind_of_word(parameters.kind) or (rotation.kind if rotation else DutyKind.CLINICAL)
            duty_interval(parameters, kind, rotation, settings.periods)
        elif isinstance(parameters, ShiftFields):
            shift_intervals(parameters)
        elif isinstance(parameters, SpanFields):
            span_intervals(parameters)
    except IntervalError as error:
        return error
    return None
