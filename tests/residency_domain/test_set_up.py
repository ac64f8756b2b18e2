"""From a written set-up to settings and rows: every mistake with its code and place, every default as the format says."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from residency import DOMAIN
from residency.calendar import DAY, minute_of, moment_of
from residency.model import Severity
from residency.policy.settings import SupervisionRatio
from residency.settings import Settings, settings_from_json, settings_to_json
from residency.setup.seed_checks import find_circle

from .written import load, marked, problems, scenario

if TYPE_CHECKING:
    from pathlib import Path

    from rehearse.loading.load import Loaded

PEOPLE = """
persons:
  - {id: R1, pgy_level: 2}
  - {id: R2, pgy_level: 2}
  - {id: F1, role: faculty}
rotations:
  - {id: ward}
  - {id: call, rotation_type: call}
"""


def rows(loaded: Loaded, table: str) -> list[dict[str, Any]]:
    """Return the rows that a set-up makes for a table."""
    groups = DOMAIN.rows(loaded.scenario.setup.world, loaded.policy, loaded.scenario.clock)
    found = [group for group in groups if group.table == table]
    return [dict(zip(group.columns, row, strict=True)) for group in found for row in group.rows]


def intervals(setup: str, table: str = "assignments") -> list[tuple[str, str]]:
    """Return start and end of the rows of a table, as text."""
    return [
        (f"{row['start']:%m-%d %H:%M}", f"{row['end']:%m-%d %H:%M}")
        for row in rows(load(scenario(PEOPLE + setup)), table)
    ]


# ── mistakes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

MISTAKES = [
    ("persons: [{id: R1}]", "missing-key", "R1", "pgy_level"),
    ("persons: [{id: F1, role: FACULTY, pgy_level: 2}]", "conflict", "2", "only residents"),
    ("persons: [{id: R1, pgy_level: 2, can_supervise: true}]", "conflict", "true", "cannot supervise"),
    ("persons: [{id: R1, pgy_level: 2, max_hours_per_week: 81}]", "conflict", "81", "above the rule pack"),
    ("persons: [{id: R1, pgy_level: 2, backup_for: [R1]}]", "conflict", "[R1]", "back themselves"),
    ("persons: [{id: R1, pgy_level: 2, backup_for: [R7]}]", "unknown-name", "[R7]", "R7"),
    ("persons: [{id: R1, pgy_level: 2, weekly_hours: 40}]", "not-allowed", "weekly_hours", "derived"),
    ("persons: [{id: R1, pgy_level: 2, preferences: [{date: 2024-12-24, want: wrad}]}]", "unknown-name", "[{", "wrad"),
    ("rotations: [{id: w, min_persons: 3, max_persons: 2}]", "conflict", "2", "below"),
    (PEOPLE + "assignments: [{person_id: R9, rotation_id: ward, date: 2024-12-02}]", "unknown-name", "R9", "R9"),
    (PEOPLE + "assignments: [{person_id: R1, rotation_id: wrad, date: 2024-12-02}]", "unknown-name", "wrad", "wrad"),
    (PEOPLE + "assignments: [{person_id: R1, date: 2024-12-02}]", "missing-key", "person_id", "needs `rotation_id`"),
    (PEOPLE + "assignments: [{person_id: R1, rotation_id: ward}]", "missing-key", "person_id", "when it is"),
    (
        PEOPLE + "assignments: [{person_id: R1, rotation_id: ward, start: 2024-12-02T07:00}]",
        "missing-key",
        "2024-12-02T07:00",
        "`end` or `hours`",
    ),
    (
        PEOPLE
        + "assignments: [{person_id: R1, rotation_id: ward, date: 2024-12-02, start: 2024-12-02T07:00, hours: 4}]",
        "conflict",
        "2024-12-02",
        "twice",
    ),
    (
        PEOPLE
        + 'assignments: [{person_id: R1, rotation_id: ward, date: 2024-12-02, period: AM, start: "07:00", end: "08:00"}]',
        "conflict",
        "AM",
        "twice",
    ),
    (
        PEOPLE + 'assignments: [{person_id: R1, rotation_id: ward, date: 2024-12-02, start: "07:00"}]',
        "missing-key",
        '"07:00"',
        "belong together",
    ),
    (
        PEOPLE + "assignments: [{person_id: R1, rotation_id: ward, start: 2024-12-02T07:00, end: 2024-12-02T07:00}]",
        "bad-value",
        "2024-12-02T07:00",
        "not after",
    ),
    (
        PEOPLE + "assignments: [{person_id: R1, rotation_id: ward, start: 2024-12-02T07:00, end: 2024-12-05T07:01}]",
        "bad-value",
        "2024-12-05T07:01",
        "longer than 72",
    ),
    (
        PEOPLE + 'assignments: [{person_id: R1, rotation_id: ward, date: 2024-12-02, start: "24:00", end: "02:00"}]',
        "bad-value",
        '"24:00"',
        "no start",
    ),
    (
        PEOPLE + "assignments: [{id: a, person_id: R1, rotation_id: ward, date: 2024-12-02}, "
        "{id: b, person_id: R1, rotation_id: call, date: 2024-12-02}]",
        "conflict",
        "id",
        "two duties of `R1` overlap",
    ),
    (PEOPLE + "absences: [{person_id: R1}]", "missing-key", "person_id", "no time"),
    (PEOPLE + "absences: [{person_id: R1, start: 2024-12-02}]", "missing-key", "2024-12-02", "`end` is missing"),
    (
        PEOPLE + "absences: [{person_id: R1, date: 2024-12-02, start_date: 2024-12-02}]",
        "conflict",
        "2024-12-02",
        "`date` and `start_date`",
    ),
    (PEOPLE + "absences: [{person_id: R1, dates: []}]", "bad-value", "[]", "empty"),
    (
        PEOPLE + "absences: [{person_id: R1, start_date: 2024-12-03, end_date: 2024-12-02}]",
        "bad-value",
        "2024-12-02",
        "before",
    ),
    (
        PEOPLE
        + "absences: [{person_id: R1, date: 2024-12-02}, {person_id: R1, start: 2024-12-02T12:00, end: 2024-12-03}]",
        "conflict",
        "person_id",
        "absences of `R1` overlap",
    ),
    (
        PEOPLE + "absences: [{id: x, person_id: R1, date: 2024-12-02}]\n"
        "leave_requests: [{id: x, person_id: R1, date: 2024-12-09, status: approved}]",
        "duplicate-id",
        "x",
        "makes the absence",
    ),
    (PEOPLE + "backups: [{person_id: R1, backup_id: R1}]", "conflict", "R1", "back themselves"),
    (
        PEOPLE + "backups: [{person_id: R1, backup_id: R2, rank: 1}, {person_id: R1, backup_id: F1, rank: 1}]",
        "conflict",
        "1",
        "two backups of rank 1",
    ),
    (
        PEOPLE + "holidays: [{date: 2024-12-25, name: a}, {date: 2024-12-25, name: b}]",
        "conflict",
        "2024-12-25",
        "one date",
    ),
    (
        PEOPLE + "requirements: [{rotation_id: ward, date: 2024-12-02, min_persons: 1}]",
        "missing-key",
        "2024-12-02",
        "needs `block_period`",
    ),
    (
        PEOPLE + "requirements: [{rotation_id: ward, start: 2024-12-02, end: 2024-12-03, period: AM, min_persons: 1}]",
        "conflict",
        "AM",
        "twice",
    ),
    (
        PEOPLE + "rotation_periods: [{person_id: R1, start_date: 2024-12-02, end_date: 2024-12-15}, "
        "{person_id: R1, start_date: 2024-12-15, end_date: 2024-12-20}]",
        "conflict",
        "2024-12-15",
        "rotation periods of `R1` overlap",
    ),
    (
        PEOPLE + "rotation_periods: [{person_id: R1, start_date: 2024-12-15, end_date: 2024-12-02}]",
        "bad-value",
        "2024-12-02",
        "before",
    ),
    (
        PEOPLE + "rotation_periods: [{person_id: R1, rotation_id: ward, start_date: 2024-12-02, end_date: 2024-12-15, "
        "weekly_limit_hours: 89, granted_by: GMEC}]",
        "bad-value",
        "89",
        "up to 88",
    ),
    (
        PEOPLE + "rotation_periods: [{person_id: R1, rotation_id: ward, start_date: 2024-12-02, end_date: 2024-12-15, "
        "weekly_limit_hours: 88}]",
        "missing-key",
        "88",
        "granted_by",
    ),
    (
        PEOPLE + "backups: [{person_id: R1, backup_id: R2, start: 2024-12-02}]",
        "missing-key",
        "2024-12-02",
        "`end` is missing",
    ),
    (
        PEOPLE
        + "assignments: [{person_id: R1, rotation_id: ward, start: 2024-12-02T07:00, end: 2024-12-02T08:00, hours: 1}]",
        "conflict",
        "1",
        "length twice",
    ),
    (
        PEOPLE + 'assignments: [{person_id: R1, rotation_id: ward, start: 2024-12-02T07:00, end: "08:00"}]',
        "wrong-type",
        '"08:00"',
        "a time and `start` a moment",
    ),
    (
        PEOPLE
        + 'assignments: [{person_id: R1, rotation_id: ward, date: 2024-12-02, start: "07:00", end: 2024-12-02T08:00}]',
        "wrong-type",
        "2024-12-02T08:00",
        "are times beside",
    ),
    ("constraints: {rules: acgme-2052}", "unknown-name", "acgme-2052", "no rule pack"),
    ("constraints: {rules: mine.yaml}", "bad-path", "mine.yaml", "no rule pack"),
    ("constraints: {horizon: {start: 2024-12-02, end: 2024-12-01}}", "conflict", "start", "ends before"),
    ("constraints: {policy: {weekly_hours: {limit_hours: 81}}}", "conflict", "81", "looser"),
    (
        "constraints: {policy: {weekly_huors: {limit_hours: 70}}}",
        "unknown-name",
        "weekly_huors",
        "did you mean `weekly_hours`",
    ),
]


@pytest.mark.parametrize(
    ("setup", "code", "place", "said"), MISTAKES, ids=[f"{item[1]}-{item[3]}" for item in MISTAKES]
)
def test_a_mistake_is_told_once_with_its_code_and_its_place(setup: str, code: str, place: str, said: str) -> None:
    """One problem, under the caret what is wrong, in the message why."""
    (problem,) = problems(scenario(setup))
    assert code == problem.code
    assert marked(problem).startswith(place)
    assert said in problem.message


def test_a_circle_of_backups_names_its_members_and_shows_both_ends() -> None:
    """The last link is marked, the first one is shown beside it."""
    setup = PEOPLE.replace("R2, pgy_level: 2", "R2, pgy_level: 2, backup_for: [R1]") + (
        "backups: [{person_id: R2, backup_id: F1}, {person_id: F1, backup_id: R1}]"
    )
    (problem,) = problems(scenario(setup))
    assert "the backups F1 → R1 → R2 → F1 are a circle" == problem.summary
    assert "conflict" == problem.code
    assert 1 == len(problem.also)
    assert problem.also[0][1].line != problem.span.line or problem.also[0][1].column != problem.span.column  # type: ignore[union-attr]


def test_a_step_that_names_nobody_or_no_time_is_told_before_any_database() -> None:
    """The parameters of steps are looked at as the rows are."""
    steps = """
    - {operation: mark_unavailable, parameters: {person_id: R22, date: 2024-12-02}}
    - {operation: mark_unavailable, parameters: {person_id: R1}}
    - {operation: create_assignment, parameters: {person_id: R1, rotation_id: ward}}
    """
    found = problems(scenario(PEOPLE, steps=steps))
    assert ["unknown-name", "missing-key", "missing-key"] == [problem.code for problem in found]
    assert "did you mean `R2`?" == found[0].remedy
    assert ["R22", "parameters", "parameters"] == [marked(problem) for problem in found]


@pytest.mark.parametrize(
    ("links", "circle"),
    [
        ([("a", "b"), ("b", "c")], ()),
        ([("a", "a")], ()),
        ([("c", "b"), ("b", "a"), ("a", "c")], ("a", "c", "b")),
        ([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "c")], ("c", "d")),
    ],
)
def test_circles_are_found_from_their_smallest_member(links: list[tuple[str, str]], circle: tuple[str, ...]) -> None:
    """However the links are written; backing oneself is another mistake."""
    assert circle == find_circle(links)


# ── intervals ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("date: 2024-12-02", ("12-02 07:00", "12-02 13:00")),
        ("date: 2024-12-02, hours: 4", ("12-02 08:00", "12-02 12:00")),
        ("date: 2024-12-02, hours: 12", ("12-02 07:00", "12-02 19:00")),
        ("date: 2024-12-02, period: PM", ("12-02 13:00", "12-02 19:00")),
        ("date: 2024-12-02, period: PM, hours: 4", ("12-02 13:00", "12-02 17:00")),
        ("date: 2024-12-02, period: DAY", ("12-02 07:00", "12-02 19:00")),
        ("date: 2024-12-02, period: NIGHT", ("12-02 19:00", "12-03 07:00")),
        ("date: 2024-12-02, period: CALL", ("12-02 07:00", "12-03 07:00")),
        ("date: 2024-12-02, kind: in_house_call", ("12-02 07:00", "12-03 07:00")),
        ("date: 2024-12-02, kind: home_call", ("12-02 19:00", "12-03 07:00")),
        ('date: 2024-12-02, start: "22:00", end: "06:00"', ("12-02 22:00", "12-03 06:00")),
        ('date: 2024-12-02, start: "13:00", end: "24:00"', ("12-02 13:00", "12-03 00:00")),
        ("start: 2024-12-02T07:00, end: 2024-12-03T07:00", ("12-02 07:00", "12-03 07:00")),
        ("start: 2024-12-02 07:00, hours: 2.5", ("12-02 07:00", "12-02 09:30")),
        ("start: 2024-12-02, end: 2024-12-03", ("12-02 00:00", "12-03 00:00")),
    ],
)
def test_every_way_to_write_a_duty(fields: str, expected: tuple[str, str]) -> None:
    """Moments, a moment and hours, times, or a period of the day."""
    assert [expected] == intervals(f"assignments: [{{person_id: R1, rotation_id: ward, {fields}}}]")


def test_the_half_day_of_a_rotation_is_the_length_of_am_and_pm_only() -> None:
    """A clinic of four hours begins at eight, its night is a night."""
    setup = """
rotations: [{id: clinic, hours_per_block: 4}]
persons: [{id: R1, pgy_level: 2}]
assignments:
  - {person_id: R1, rotation_id: clinic, date: 2024-12-02}
  - {person_id: R1, rotation_id: clinic, date: 2024-12-02, period: PM}
  - {person_id: R1, rotation_id: clinic, date: 2024-12-02, period: NIGHT}
"""
    found = [(f"{row['start']:%H:%M}", f"{row['end']:%H:%M}") for row in rows(load(scenario(setup)), "assignments")]
    assert [("08:00", "12:00"), ("13:00", "17:00"), ("19:00", "07:00")] == found


def test_a_changed_morning_begins_when_it_says_however_short() -> None:
    """The later start of a short morning is a default, not a law."""
    setup = """
constraints: {periods: {AM: {start: "06:30", hours: 5}}}
assignments: [{person_id: R1, rotation_id: ward, date: 2024-12-02}, {person_id: R2, rotation_id: ward, date: 2024-12-02, hours: 3}]
"""
    assert [("12-02 06:30", "12-02 11:30"), ("12-02 06:30", "12-02 09:30")] == intervals(setup)


def test_each_run_of_days_becomes_a_row_with_a_number() -> None:
    """Of one run the row's own id stays."""
    setup = "absences: [{id: x, person_id: R1, dates: [2024-12-03, 2024-12-02, 2024-12-09]}, {person_id: R2, date: 2024-12-02}]"
    found = rows(load(scenario(PEOPLE + setup)), "absences")
    assert ["x.1", "x.2", "absences-2"] == [row["id"] for row in found]
    assert [
        ("12-02 00:00", "12-04 00:00"),
        ("12-09 00:00", "12-10 00:00"),
        ("12-02 00:00", "12-03 00:00"),
    ] == intervals(setup, "absences")


# ── rows and settings ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_defaults_of_people_and_rotations() -> None:
    """As the format names them, role by role and type by type."""
    setup = """
persons: [{id: R1, pgy_level: 1}, {id: R2, pgy_level: 3, backup_for: [R1]}, {id: F1, role: Faculty}]
rotations:
  - {id: call, rotation_type: call}
  - {id: home, rotation_type: home_call}
  - {id: teach, rotation_type: education}
  - {id: icu, rotation_type: icu}
"""
    loaded = load(scenario(setup))
    people = {row["id"]: row for row in rows(loaded, "persons")}
    assert ("R1", "", False, False) == tuple(
        people["R1"][name] for name in ("first_name", "last_name", "may_moonlight", "can_supervise")
    )
    assert (True, True) == (people["R2"]["may_moonlight"], people["F1"]["can_supervise"])
    kinds = {row["id"]: (row["kind"], row["min_persons"], row["critical"]) for row in rows(loaded, "rotations")}
    assert {
        "call": ("in_house_call", 1, True),
        "home": ("home_call_idle", 0, False),
        "teach": ("education", 0, False),
        "icu": ("clinical", 1, True),
    } == kinds
    assert [("backups-1", "R1", "R2", 1)] == [
        (row["id"], row["person_id"], row["backup_id"], row["rank"]) for row in rows(loaded, "backups")
    ]


def test_an_approved_request_makes_the_absence_and_a_pending_one_does_not() -> None:
    """Under the same id; submitted when nobody said otherwise at the clock."""
    setup = PEOPLE + (
        "leave_requests: [{id: x, person_id: R1, date: 2024-12-02, status: approved}, {id: y, person_id: R2, date: 2024-12-02}]"
    )
    loaded = load(scenario(setup, head="clock: 2024-11-01T09:00"))
    assert ["x"] == [row["id"] for row in rows(loaded, "absences")]
    assert {datetime(2024, 11, 1, 9)} == {row["submitted"] for row in rows(loaded, "leave_requests")}  # noqa: DTZ001


def test_a_rotation_without_requirements_needs_its_people_while_a_resident_is_there() -> None:
    """Touching duties are one requirement; faculty and services that may stand empty ask nothing."""
    setup = (
        PEOPLE
        + """
assignments:
  - {person_id: R1, rotation_id: ward, date: 2024-12-02}
  - {person_id: R2, rotation_id: ward, date: 2024-12-02, period: PM}
  - {person_id: F1, rotation_id: ward, date: 2024-12-03}
"""
    )
    found = [
        (row["rotation_id"], f"{row['start']:%H}", f"{row['end']:%H}")
        for row in rows(load(scenario(setup)), "requirements")
    ]
    assert [("ward", "07", "19")] == found


def test_the_horizon_is_what_rows_and_steps_touch() -> None:
    """A duty, an absence and a step's span widen it; a pending request does not."""
    setup = (
        PEOPLE
        + """
assignments: [{person_id: R1, rotation_id: ward, date: 2024-12-05, period: NIGHT}]
leave_requests: [{person_id: R2, date: 2024-12-25}]
"""
    )
    steps = "- {operation: mark_unavailable, parameters: {person_id: R1, start: 2024-12-09T08:00, end: 2024-12-11}}"
    settings: Settings = load(scenario(setup, steps=steps)).policy
    assert (minute_of(date(2024, 12, 5)), minute_of(date(2024, 12, 11))) == settings.horizon


def test_a_duty_and_a_swap_that_a_step_names_widen_the_horizon() -> None:
    """The days of a duty to create, of a swap and its links, and the minute before an end."""
    steps = """
    - {operation: create_assignment, parameters: {person_id: R1, rotation_id: call, date: 2024-12-20}}
    - {operation: request_swap, parameters: {requestor_id: R1, partner_id: R2, target_date: 2024-12-05, from: 2024-12-05T10:00}}
    - {operation: request_swap, parameters: {requestor_id: R1, type: chain, links: [{person_id: R1, date: 2024-12-02}, x]}}
    """
    settings: Settings = load(scenario(PEOPLE, steps=steps)).policy
    assert (minute_of(date(2024, 12, 2)), minute_of(date(2024, 12, 22))) == settings.horizon


def test_rotation_periods_and_dated_backups_become_rows() -> None:
    """An exception in hours, ranks in order, several spans of one backup with numbers."""
    setup = (
        PEOPLE
        + """
rotation_periods: [{person_id: R1, rotation_id: ward, start_date: 2024-12-02, end_date: 2024-12-15, weekly_limit_hours: 88, granted_by: GMEC}]
backups:
  - {person_id: R1, backup_id: R2, dates: [2024-12-02, 2024-12-04], rotations: [ward], capacity: 2}
  - {person_id: R1, backup_id: F1, rank: 2}
requirements: [{rotation_id: ward, dates: [2024-12-02, 2024-12-03], period: NIGHT, min_persons: 2}]
holidays: [{date: 2024-12-25, name: Christmas Day, worked_by: [R1]}]
"""
    )
    loaded = load(scenario(setup))
    (period,) = rows(loaded, "rotation_periods")
    assert (88, date(2024, 12, 15), "GMEC") == (period["weekly_limit_hours"], period["end_date"], period["granted_by"])
    found = [(row["id"], row["rank"], row["rotations"], row["capacity"]) for row in rows(loaded, "backups")]
    assert [("backups-1.1", 1, ["ward"], 2), ("backups-1.2", 3, ["ward"], 2), ("backups-2", 2, None, None)] == found
    assert ["requirements-1.1", "requirements-1.2"] == [row["id"] for row in rows(loaded, "requirements")]
    assert [["R1"]] == [row["worked_by"] for row in rows(loaded, "holidays")]


def test_a_set_up_without_any_date_looks_at_the_day_of_the_clock() -> None:
    """And without a clock at the first of January 2024."""
    found = load(scenario(PEOPLE)).policy.horizon
    assert (minute_of(date(2024, 1, 1)), minute_of(date(2024, 1, 1)) + DAY) == found
    later: Settings = load(scenario(PEOPLE, head="clock: 2024-12-05T09:00")).policy
    assert date(2024, 12, 5) == moment_of(later.horizon[0]).date()


def test_settings_survive_being_written_down() -> None:
    """Whatever was settled: packs, periods, program."""
    setup = (
        PEOPLE
        + """
constraints:
  rules: seed
  acgme_enabled: false
  auto_coverage: false
  periods: {PM: {start: "12:30", hours: 4.5}}
  policy: {night_float: {max_nights: 5}, rest_after_call: {rest_hours: 16}, duty_period: {extra_hours: 2}}
  program: {max_chain_depth: 2, notice_minutes: 30, max_major_holidays: 1, leave_order: [recent_leave]}
"""
    )
    settings: Settings = load(scenario(setup)).policy
    text = settings_to_json(settings)
    assert settings == settings_from_json(text)
    assert text == settings_to_json(settings_from_json(text))
    assert (78 * 60, 2) == (settings.program.moonlighting_warning, settings.program.max_chain_depth)


def test_a_rule_pack_is_found_beside_its_scenario(tmp_path: Path) -> None:
    """In the scenario's folder or its fixtures, and nowhere above it."""
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "ours.yaml").write_text(
        "name: ours\nextends: acgme-2025\nrules: {supervision_ratio: {pgy1: 1, senior: 2, level: must}}\n",
        encoding="utf-8",
    )
    path = tmp_path / "trial.yaml"
    settings: Settings = load(scenario("constraints: {rules: ours.yaml}"), path).policy
    (ratio,) = settings.rules.of(SupervisionRatio)
    assert (1, Severity.VIOLATION, "ours") == (ratio.pgy1, ratio.severity, ratio.pack)
    (problem,) = problems(scenario("constraints: {rules: ../ours.yaml}"), tmp_path / "fixtures" / "trial.yaml")
    assert "bad-path" == problem.code


def test_what_is_wrong_in_a_rule_pack_is_told_in_its_file(tmp_path: Path) -> None:
    """The caret stands in the pack, not in the scenario."""
    (tmp_path / "ours.yaml").write_text("name: ours\nrules: {weekly_huors: {}}\n", encoding="utf-8")
    (problem,) = problems(scenario("constraints: {rules: ours.yaml}"), tmp_path / "trial.yaml")
    assert "unknown-name" == problem.code
    assert str(problem.span).startswith(str(tmp_path / "ours.yaml"))


def test_what_others_may_have_written_is_left_to_the_database() -> None:
    """A person of no section is a mistake, unless the database keeps rows of its own, or an SQL fixture brings some."""
    step = "- {operation: create_assignment, parameters: {person_id: R9, rotation_id: ward, date: 2024-12-02}}"
    assert ["unknown-name"] == [problem.code for problem in problems(scenario(PEOPLE, steps=step))]
    assert () == problems(scenario(PEOPLE + "database: {clean_state: false}", steps=step))


def test_an_sql_fixture_may_bring_anybody(tmp_path: Path) -> None:
    """Who stands in an SQL fixture may be mentioned, in rows of the set-up as well as in steps."""
    (tmp_path / "people.sql").write_text("DELETE FROM persons WHERE id = 'nobody'", encoding="utf-8")
    setup = PEOPLE + "database: {load_fixtures: [people.sql]}\nabsences: [{person_id: R9, date: 2024-12-02}]"
    step = "- {operation: return_to_duty, parameters: {person_id: R9}}"
    assert () == problems(scenario(setup, steps=step), tmp_path / "trial.yaml")
