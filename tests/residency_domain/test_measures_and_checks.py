"""Measures, checks, assertions, invariants, error types, validators and panels, on real photographs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, update

from residency import DOMAIN, schema
from residency.calendar import moment_of
from residency.judging.assertions import Coverage, EntryWanted, NoticeWanted, Presence, RuleWanted, SuchDuty
from residency.judging.checks import AtMoment, OfPerson, Rows
from residency.judging.judged import book
from residency.judging.state_measures import square_root
from residency.model import AbsenceKind
from residency.setup.rows import Period

from .desk import Desk
from .library_rosters import mid_duty, weekend
from .rosters import World, at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearse.database.store import Store
    from rehearse.domain import Evidence, State
    from rehearse.values import FrozenMap


def measure(name: str, evidence: Evidence) -> Any:
    """Return what a measure says of the state after the run, or of the run."""
    found = DOMAIN.measures[name]
    return found.of_state(evidence.after) if found.of_state else found.of_run(evidence)  # type: ignore[misc]


def holds(name: str, evidence: Evidence, parameters: object) -> bool:
    """Return whether an assertion holds."""
    return DOMAIN.assertion_types[name].function(evidence, parameters).passed


@pytest.fixture(scope="module")
def covered(sqlite_store: Store) -> Iterator[Desk]:
    """The weekend call of N1-005, lost, replanned and told."""
    world = weekend()
    world.absences = [absence for absence in world.absences if absence.person_id != "R1"]
    with Desk(sqlite_store, world, clock="12-28 09:00") as desk:
        desk.do(
            "mark_unavailable",
            person_id="R1",
            start=moment_of(at("12-28 09:00")),
            end=moment_of(at("12-30")),
            reason="illness",
        )
        desk.do("activate_backup_assignments")
        desk.do("send_notifications")
        yield desk


@pytest.fixture(scope="module")
def evidence(covered: Desk) -> Evidence:
    """What that run left."""
    return covered.evidence()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("coverage_gap_hours", 0),
        ("coverage_complete", True),
        ("coverage_maintained", True),
        ("coverage_completeness", 100),
        ("critical_coverage", 100),
        ("backup_activated", True),
        ("acgme_compliant", True),
        ("policy_compliant", True),
        ("acgme_compliance", 100),
        ("violations", 0),
        ("policy_violations", 0),
        ("compliance_violations", ()),
        ("peak_weekly_hours", 71),
        ("peak_utilization", Fraction(355, 4)),
        ("reassignments", 1),
        ("assignments_modified", 3),
        ("persons_affected", 2),
        ("affected_persons", ("R1", "R3")),
        ("schedule_stability", 100 - Fraction(200, 228)),
        ("notifications_queued", 5),
        ("all_swaps_completed", False),
        ("swap_chain_length", 0),
        ("notification_delivery", 100),
        ("audit_trail_completeness", 100),
        ("double_bookings", 0),
        ("orphaned_assignments", 0),
        ("no_double_booking", True),
        ("no_orphaned_assignments", True),
        ("state_consistent", True),
        ("backup_chain_intact", True),
        ("preference_satisfaction", None),
    ],
)
def test_measures_of_a_covered_weekend(evidence: Evidence, name: str, expected: object) -> None:
    """The figures that the library computes for N1-005, and what follows from them."""
    assert expected == measure(name, evidence)


def test_measures_by_person(evidence: Evidence) -> None:
    """R3 stays to the boundary of a duty period; who has no call has no rest after one."""
    assert Fraction(71) == measure("weekly_hours", evidence)["R3"]
    assert Fraction(24) == measure("duty_period_hours", evidence)["R3"]
    assert 0 == measure("consecutive_nights", evidence)["R3"]
    assert 6 == measure("consecutive_duty_days", evidence)["R5"]
    assert None is measure("rest_after_call_hours", evidence)["R2"]


def test_every_measure_answers_for_every_state(evidence: Evidence) -> None:
    """Before as after; the one about a rule that is not in force says so instead."""
    for name, found in DOMAIN.measures.items():
        if found.of_state is not None:
            found.of_state(evidence.before)
        assert name == found.name
        assert found.doc
    reason = DOMAIN.measures["supervision_maintained"].unavailable
    assert reason is not None
    assert "not in force" in (reason(evidence.after.policy) or "")


def test_a_director_is_told_when_somebody_passes_eighty_five_percent(covered: Desk) -> None:
    """83 percent before, 88.75 after."""
    told = [row for row in covered.rows("notifications").values() if row["kind"] == "workload_alert"]
    assert [("PD", "R3 is now at 88.8 % of the limit.")] == [(row["recipient"], row["text"]) for row in told]


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("assignment_exists", SuchDuty(person_id="R3", rotation_id="call", start=moment_of(at("12-28 09:00"))), True),
        ("assignment_exists", SuchDuty(person_id="R3", rotation_id="call", block_period=Period.AM), True),
        ("assignment_exists", SuchDuty(person_id="R3", rotation_id="call", block_period=Period.CALL), False),
        ("assignment_exists", SuchDuty(person_id="R2", block_date=date(2024, 12, 28), start=420, end=900), True),
        ("assignment_exists", SuchDuty(person_id="R3", rotation_id="procedures", end=540, expected=False), False),
        ("person_on_duty", Presence(person_id="R3", date=date(2024, 12, 29)), True),
        ("person_on_duty", Presence(person_id="R5", date=date(2024, 12, 28), expected=False), True),
        ("person_on_duty", Presence(person_id="R1", at=datetime(2024, 12, 28, 9), expected=True), False),  # noqa: DTZ001
        ("coverage", Coverage(rotation_id="er", block_date=date(2024, 12, 28), block_period=Period.DAY), True),
        (
            "coverage",
            Coverage(rotation_id="er", start=moment_of(at("12-28 07:00")), end=moment_of(at("12-28 19:01"))),
            False,
        ),
        ("coverage", Coverage(rotation_id="er", block_date=date(2024, 12, 28), block_period=Period.DAY, min=2), False),
        ("rule_compliant", RuleWanted(rule="one_in_seven", person_id="R5"), True),
        ("rule_compliant", RuleWanted(rule="weekly_hours", expected=False), False),
        ("notification_exists", NoticeWanted(recipient="PD", kind="coverage_alert", status="sent"), True),
        ("notification_exists", NoticeWanted(recipient="PD", kind="coverage_alert", count=2), False),
        ("notification_exists", NoticeWanted(contains="procedures", expected=True), True),
        ("audit_exists", EntryWanted(action="mark_unavailable", person_id="R1"), True),
        ("audit_exists", EntryWanted(outcome="rejected", expected=False), True),
        ("audit_exists", EntryWanted(actor_id="system", count=3), True),
    ],
)
def test_assertion_types(evidence: Evidence, name: str, parameters: object, *, expected: bool) -> None:
    """What is there is found, what is not is not, and `expected: false` turns it round."""
    assert expected is holds(name, evidence, parameters)


def test_an_assertion_that_cannot_be_judged_says_so(evidence: Evidence) -> None:
    """Neither day nor minute, no interval, a rule that is not in force."""
    for name, parameters in (
        ("person_on_duty", Presence(person_id="R1")),
        ("coverage", Coverage(rotation_id="er")),
        ("rule_compliant", RuleWanted(rule="supervision_ratio")),
    ):
        with pytest.raises(ValueError, match=r"needs|in force"):
            holds(name, evidence, parameters)


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("all_persons_exist", None, True),
        ("all_rotations_exist", None, True),
        ("persons_active", None, True),
        ("backup_chains_valid", None, True),
        ("holidays_defined", None, False),
        ("on_duty", AtMoment(person_id="R3", at=datetime(2024, 12, 28, 23)), True),  # noqa: DTZ001
        ("weekly_hours", OfPerson(person_id="R3"), 71),
        ("consecutive_duty_days", OfPerson(person_id="R5"), 6),
        ("count", Rows(table="absences"), 7),
    ],
)
def test_checks(evidence: Evidence, name: str, parameters: object, expected: object) -> None:
    """The preconditions that are no measures."""
    assert expected == DOMAIN.checks[name].function(evidence.after, parameters)


def test_counting_rows_of_a_table_that_is_not_there_is_a_mistake(evidence: Evidence) -> None:
    """The nearest name is told."""
    with pytest.raises(ValueError, match="did you mean `absences`"):
        DOMAIN.checks["count"].function(evidence.after, Rows(table="absence"))


def test_the_standing_invariants_hold_throughout(evidence: Evidence) -> None:
    """Those that hold always, and those by name where nothing is broken."""
    for invariant in DOMAIN.invariants.values():
        assert () == invariant.function(evidence.after, evidence.before), invariant.name
    assert 5 == sum(invariant.always for invariant in DOMAIN.invariants.values())


def test_captures(evidence: Evidence) -> None:
    """Compliance and coverage as the snapshot keeps them."""
    captured = {item.name: item.function(evidence.after) for item in DOMAIN.captures}
    assert ("compliant", ()) == (captured["compliance_status"]["overall"], captured["compliance_status"]["violations"])
    assert (3, 3, Decimal("100.0")) == tuple(captured["coverage_stats"].values())


def test_derived_fields_and_presence(covered: Desk) -> None:
    """Computed from the row or the roster; somebody wholly on leave is not there."""
    state = covered.state()
    duties, people = (state.snapshot.tables[name] for name in ("assignments", "persons"))
    call = record(duties, "call-r1")
    derived = DOMAIN.derived_fields["assignments"]
    assert (date(2024, 12, 28), "AM", Fraction(2)) == tuple(
        derived[name](call, state) for name in ("block_date", "block_period", "hours")
    )
    r3 = record(people, "R3")
    assert (71, 6) == tuple(
        DOMAIN.derived_fields["persons"][name](r3, state) for name in ("weekly_hours", "consecutive_duty_days")
    )
    assert DOMAIN.present is not None
    assert DOMAIN.present(call, state)
    assert not DOMAIN.present(record(covered.before.snapshot.tables["assignments"], "call-r1") | away(), state)


def record(table: Any, identity: str) -> Any:
    """Return a row as a plain map."""
    return dict(table.record(table.rows[(identity,)]))


def away() -> dict[str, datetime]:
    """Return an interval in which R1 is away throughout."""
    return {"start": moment_of(at("12-29 07:00")), "end": moment_of(at("12-29 12:00"))}


def test_a_gap_that_is_left_shows_everywhere(sqlite_store: Store) -> None:
    """Two hours of X12: in the measures, the error types, the validators and the compliance of a rule."""
    world = mid_duty()
    world.absences = [absence for absence in world.absences if absence.person_id != "R1"]
    with Desk(sqlite_store, world, clock="12-10 11:30") as desk:
        desk.do("mark_unavailable", person_id="R1", start=moment_of(at("12-10 11:30")), end=moment_of(at("12-13")))
        desk.do("activate_backup_assignments")
        evidence = desk.evidence()
    assert (2, False, False) == tuple(
        measure(name, evidence) for name in ("coverage_gap_hours", "coverage_complete", "coverage_maintained")
    )
    assert ((None, "coverage"),) == DOMAIN.error_types["CoverageGap"].function(evidence)
    assert not DOMAIN.validators["coverage_gap_validator"].function(None, None, evidence.before, evidence.after).passed
    assert DOMAIN.compliance is not None
    assert ("violation", "compliant") == (
        DOMAIN.compliance(evidence, "coverage", None),
        DOMAIN.compliance(evidence, "80_hour_rule", "R1"),
    )
    assert 1 == len(DOMAIN.invariants["coverage_complete"].function(evidence.after, evidence.before))


def test_measures_of_an_empty_roster(sqlite_store: Store) -> None:
    """Nothing is required, nothing is worked, nobody is told: all is well, and nothing is divided by nothing."""
    with Desk(sqlite_store, World()) as desk:
        evidence = desk.evidence()
    whole = (
        "coverage_completeness",
        "backup_coverage_depth",
        "schedule_stability",
        "notification_delivery",
        "audit_trail_completeness",
    )
    assert {100} == {measure(name, evidence) for name in (*whole, "acgme_compliance")}
    assert {0} == {
        measure(name, evidence)
        for name in ("workload_balance", "utilization_rate", "peak_utilization", "reassignments")
    }


def test_a_swap_counts_when_it_is_executed(sqlite_store: Store) -> None:
    """One swap of two duties: two reassignments, one link, every row on record; a change behind the log's back is missed."""
    world = World().residents("R1", "R2").rotation("ward").rotation("er")
    world.duty("R1", "ward", "12-10 07:00", "19:00", name="w").duty("R2", "er", "12-10 07:00", "19:00", name="e")
    with Desk(sqlite_store, world) as desk:
        desk.do("request_swap", requestor_id="R1", partner_id="R2", target_date=date(2024, 12, 10))
        assert not measure("all_swaps_completed", desk.evidence())
        desk.do("execute_swap")
        evidence = desk.evidence()
        assert (True, 1, 2, 100) == tuple(
            measure(name, evidence)
            for name in ("all_swaps_completed", "swap_chain_length", "reassignments", "audit_trail_completeness")
        )
        desk.execute(update(schema.ASSIGNMENTS).where(schema.ASSIGNMENTS.c.id == "w").values(pinned=True))
        assert Fraction(200, 3) == measure("audit_trail_completeness", desk.evidence())


def broken() -> World:
    """A resident over eighty hours, booked twice, on leave, without a service, and with a backup who left."""
    world = (
        World(policy={"rest_after_call": {"rest_hours": 20}}).residents("R1", "R2").rotation("ward").backs("R2", "R1")
    )
    world.weekly("R1", "06:00", "23:00").duty("R1", "ward", "12-10 07:00", "09:00", name="twice")
    return world.away("R1", "12-10", "12-11")


def test_a_broken_roster_is_called_broken(sqlite_store: Store) -> None:
    """By every measure, invariant, error type and validator that looks at it."""
    with Desk(sqlite_store, broken()) as desk:
        desk.execute(insert(schema.ASSIGNMENTS).values(**orphan()))
        desk.execute(update(schema.PERSONS).where(schema.PERSONS.c.id == "R2").values(status="inactive"))
        desk.execute(insert(schema.PREFERENCES).values(**wish("off", 3)))
        desk.execute(insert(schema.PREFERENCES).values(**wish("base", 1)))
        evidence = desk.evidence()
    found = {
        name: measure(name, evidence) for name in ("acgme_compliant", "no_double_booking", "no_orphaned_assignments")
    }
    assert {False} == set(found.values())
    assert (1, 1) == (measure("double_bookings", evidence), measure("orphaned_assignments", evidence))
    assert not measure("backup_chain_intact", evidence)
    assert not measure("state_consistent", evidence)
    assert 0 == measure("backup_coverage_depth", evidence)
    assert Fraction(25) == measure("preference_satisfaction", evidence)
    assert "weekly_hours:R1" in measure("compliance_violations", evidence)
    assert measure("acgme_compliance", evidence) < 100
    assert ("R1", "weekly_hours") in DOMAIN.error_types["ACGMEViolation"].function(evidence)
    assert (("R1", "double_booking"),) == DOMAIN.error_types["DoubleBooking"].function(evidence)
    assert (("R1", None),) == DOMAIN.error_types["OrphanedAssignment"].function(evidence)
    broken_names = {name for name, item in DOMAIN.invariants.items() if item.function(evidence.after, evidence.before)}
    assert broken_names >= {
        "no_double_booking",
        "no_orphaned_assignments",
        "backup_chains_valid",
        "no_duty_on_leave",
        "acgme_compliant",
    }
    validators = ("full_acgme_check", "backup_chain_validator")
    for name in validators:
        assert not DOMAIN.validators[name].function(None, None, evidence.before, evidence.after).passed


def orphan() -> dict[str, object]:
    """Return a duty that covers no service."""
    start = moment_of(at("12-28 08:00"))
    end = moment_of(at("12-28 09:00"))
    kind = {"kind": "clinical", "exception": False, "pinned": False}
    return {"id": "orphan", "person_id": "R1", "rotation_id": None, "start": start, "end": end, **kind}


def wish(want: str, weight: int) -> dict[str, object]:
    """Return a preference of R1 for a day on which R1 works."""
    return {
        "id": want,
        "person_id": "R1",
        "date": date(2024, 12, 12),
        "block_period": None,
        "want": want,
        "weight": weight,
    }


def test_an_advisory_fails_a_check_in_strict_mode_only(sqlite_store: Store) -> None:
    """And is listed without failing when asked for."""
    world = (
        World().residents("R1").duty("R1", "base", "12-10 07:00", "19:00").duty("R1", "base", "12-11 02:00", "06:00")
    )
    with Desk(sqlite_store, world) as desk:
        state = desk.state()
    check = DOMAIN.validators["full_acgme_check"].function
    assert check(None, None, state, state).passed
    listed = check(None, None, state, state, include_warnings=True)
    assert (True, True) == (listed.passed, bool(listed.message))
    assert not check(None, None, state, state, strict_mode=True).passed


def test_required_duties_without_a_backup_are_named(sqlite_store: Store) -> None:
    """Where every required duty must have one."""
    world = World().residents("R1", "R2").rotation("ward").duty("R1", "ward", "12-10 07:00", "19:00", name="w")
    with Desk(sqlite_store, world) as desk:
        state = desk.state()
    check = DOMAIN.validators["backup_chain_validator"].function
    assert check(None, None, state, state).passed
    assert "`w` of R1 has no backup" == check(None, None, state, state, require_full_coverage=True).message
    with Desk(sqlite_store, world.backs("R2", "R1")) as desk:
        state = desk.state()
    assert check(None, None, state, state, require_full_coverage=True).passed


def test_refusals_are_errors_by_person_and_rule(sqlite_store: Store) -> None:
    """One for each refused step."""
    world = World().residents("R1").rotation("clinic", min_persons=0).weekly("R1", "07:00", "23:00")
    with Desk(sqlite_store, world) as desk:
        desk.do("create_assignment", person_id="R1", rotation_id="clinic", block_date=date(2024, 12, 21))
        desk.do("execute_swap")
        evidence = desk.evidence()
    assert (("R1", "weekly_hours"),) == DOMAIN.error_types["AssignmentRejected"].function(evidence)
    assert ((None, "no_approved_swap"),) == DOMAIN.error_types["SwapRejected"].function(evidence)
    assert () == DOMAIN.error_types["LeaveDenied"].function(evidence)


def test_validating_reads_and_says_what_it_finds(store: Store) -> None:
    """Compliance by severity, integrity by check; refused only where it is required."""
    with Desk(store, broken()) as desk:
        acgme = desk.do("validate_acgme")
        assert (False, "done") == (acgme.data["compliant"], acgme.outcome)
        assert 0 < acgme.data["violations"]  # type: ignore[operator]
        assert 0 == desk.do("validate_acgme", person_ids=("R2",), require=True).data["violations"]
        assert (
            "rejected"
            == desk.do(
                "validate_acgme", require=True, start_date=date(2024, 12, 2), end_date=date(2024, 12, 29)
            ).outcome
        )
        whole = desk.do("validate_final_state")
        assert (False, False, True) == (
            whole.data["valid"],
            checks(whole.data)["no_double_booking"],
            checks(whole.data)["audit_chain_intact"],
        )
        assert "rejected" == desk.do("validate_final_state", require=True).outcome
        assert {} == desk.rows("audit_log")


def checks(data: FrozenMap) -> Any:
    """Return the checks of a validation."""
    return data["checks"]


@pytest.mark.parametrize(
    ("value", "root"), [(Fraction(9, 4), Fraction(3, 2)), (Fraction(0), Fraction(0)), (Fraction(2), Decimal(2).sqrt())]
)
def test_square_roots_are_exact_where_they_are_rational(value: Fraction, root: object) -> None:
    """Else to more digits than anybody prints."""
    assert abs(Decimal(str(float(square_root(value)))) - Decimal(str(float(root)))) < Decimal("1e-12")  # type: ignore[arg-type]


def test_a_dry_run_answers_and_leaves_no_trace(store: Store) -> None:
    """As if it were done, and not a row is written."""
    world = World().residents("R1", "R2").rotation("ward").duty("R1", "ward", "12-10 07:00", "19:00", name="w")
    with Desk(store, world, clock="12-09") as desk:
        tried = desk.do("simulate_unavailability", person_id="R1", date=date(2024, 12, 10), dry_run=True)
        assert (True, True) == (tried.data["activated"], tried.data["feasible"])
        assert 0 == desk.evidence().diff.count()
        done = desk.do("simulate_unavailability", person_id="R1", date=date(2024, 12, 10))
        assert {**tried.data, "plan_id": "", "absence_ids": ()} == {**done.data, "plan_id": "", "absence_ids": ()}
        assert "R2" == desk.rows("assignments")["w"]["person_id"]
        marked = desk.do("simulate_unavailability", person_id="R2", date=date(2024, 12, 12), trigger_contingency=False)
        assert Fraction(0) == marked.data["gap_hours"]


def test_absences_that_are_known_or_of_nobody_are_refused(store: Store) -> None:
    """Away already, unknown, or contingency switched off; a part that is new is recorded."""
    world = World().residents("R1").away("R1", "12-10", "12-12", AbsenceKind.VACATION)
    with Desk(store, world, clock="12-09") as desk:
        again = desk.do("mark_unavailable", person_id="R1", date=date(2024, 12, 10))
        assert ["already_absent"] == [reason.code for reason in again.reasons]
        assert ["unknown_row"] == [
            r.code for r in desk.do("mark_unavailable", person_id="R9", date=date(2024, 12, 10)).reasons
        ]
        desk.do(
            "mark_unavailable",
            person_id="R1",
            start_date=date(2024, 12, 11),
            end_date=date(2024, 12, 13),
            reason="Sick",
        )
        (added,) = (row for name, row in desk.rows("absences").items() if name.startswith("step"))
        assert ("illness", moment_of(at("12-12")), moment_of(at("12-14"))) == (
            added["kind"],
            added["start"],
            added["end"],
        )
        desk.execute(update(schema.PERSONS).where(schema.PERSONS.c.id == "R1").values(status="inactive"))
        gone = desk.do("simulate_unavailability", person_id="R1", date=date(2024, 12, 20))
        assert ["inactive_person"] == [reason.code for reason in gone.reasons]
        assert ["unknown_row"] == [r.code for r in desk.do("run_contingency_analysis", person_ids=("R9",)).reasons]
        assert ["no_plan"] == [r.code for r in desk.do("activate_backup_assignments", auto_assign=False).reasons]


def test_contingency_that_is_switched_off_is_refused(sqlite_store: Store) -> None:
    """By every operation that would plan or act."""
    world = World().residents("R1")
    world.settings = replace(world.settings, contingency_enabled=False)
    with Desk(sqlite_store, world) as desk:
        for operation, parameters in (
            ("run_contingency_analysis", {}),
            ("activate_backup_assignments", {}),
            ("mark_unavailable", {"person_id": "R1", "date": date(2024, 12, 10), "trigger_contingency": True}),
        ):
            assert ["contingency_disabled"] == [reason.code for reason in desk.do(operation, **parameters).reasons]


def test_state_is_read_the_same_from_a_photograph_and_from_the_database(store: Store) -> None:
    """Both ways to a book give the same records."""
    with Desk(store, broken()) as desk:
        state: State = desk.state()
        assert broken().book().records == book(state).records
