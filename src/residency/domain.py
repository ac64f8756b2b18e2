"""The one object that an engine sees of the residency."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from rehearse.domain import Domain, GeneratorName, PolicyCodec, Section
from rehearse.values import FrozenMap
from residency.judging.assertions import ASSERTION_TYPES
from residency.judging.checks import CHECKS, MEASURES
from residency.judging.derived import DERIVED_FIELDS, is_present
from residency.judging.error_types import ERROR_TYPES
from residency.judging.invariants import INVARIANTS
from residency.judging.panels import CAPTURES, PANELS
from residency.judging.rule_names import compliance, rule_names
from residency.judging.validators import VALIDATORS
from residency.operations.registry import OPERATIONS
from residency.rule_reference import RULE_REFERENCE
from residency.schema import JOURNAL_TABLES, METADATA
from residency.settings import settings_from_json, settings_to_json
from residency.setup import rows
from residency.setup.seed import default_clock, settle
from residency.setup.seed import rows as table_rows
from residency.setup.seed_checks import check

_DERIVED_HOURS = "it follows from assignments: write these"
_SECTIONS = (
    Section(
        "persons",
        rows.PersonRow,
        "People: residents, faculty, the director, coordinators.",
        requires_id=True,
        derived={"weekly_hours": _DERIVED_HOURS, "consecutive_duty_days": _DERIVED_HOURS},
    ),
    Section("rotations", rows.RotationRow, "Services to staff.", requires_id=True),
    Section("requirements", rows.RequirementRow, "How many people of a role a service needs, and when."),
    Section(
        "rotation_periods",
        rows.RotationPeriodRow,
        "Who is on which rotation: the windows over which averages are taken.",
    ),
    Section("assignments", rows.AssignmentRow, "Duties."),
    Section("absences", rows.AbsenceRow, "Who is away, or free by design."),
    Section("leave_requests", rows.LeaveRequestRow, "Requests for leave; an approved one makes the absence too."),
    Section("backups", rows.BackupRow, "Who steps in for whom."),
    Section("holidays", rows.HolidayRow, "Holidays, and who worked the past ones."),
)
_CATEGORY_NAMES = ("n1_failure", "swap", "acgme_edge", "holiday", "moonlight", "integration", "performance")
_CATEGORIES = {**{name: name for name in _CATEGORY_NAMES}, "resilience": "n1_failure"}
_GENERATORS = (
    GeneratorName("create_residents", "persons", FrozenMap({"role": "RESIDENT", "id": "resident-${loop.index}"})),
    GeneratorName("create_faculty", "persons", FrozenMap({"role": "FACULTY", "id": "faculty-${loop.index}"})),
)
_IDENTIFYING = ("id", "person_id", "rotation_id", "backup_id", "requestor_id", "partner_id", "actor_id")

DOMAIN = Domain(
    name="residency",
    doc=__doc__ or "",
    metadata=METADATA,
    sections={section.name: section for section in _SECTIONS},
    constraints=rows.ConstraintsRow,
    settle=settle,
    default_clock=default_clock,
    check=check,
    rows=table_rows,
    operations=OPERATIONS,
    measures=MEASURES,
    checks=CHECKS,
    assertion_types=ASSERTION_TYPES,
    invariants=INVARIANTS,
    error_types=ERROR_TYPES,
    categories=_CATEGORIES,
    validators=VALIDATORS,
    panels=PANELS,
    captures=CAPTURES,
    generators={item.name: item for item in _GENERATORS},
    derived_fields=DERIVED_FIELDS,
    journal_tables=JOURNAL_TABLES,
    identifying=(*_IDENTIFYING, "block_date", "block_period", "start", "kind", "rule"),
    compliance=compliance,
    rule_names=rule_names,
    scenario_root=Path(str(files("residency"))) / "scenarios",
    policy_json=PolicyCodec(settings_to_json, settings_from_json),
    present=is_present,
    rules=RULE_REFERENCE,
    example_root=Path(str(files("residency"))) / "examples",
    template_root=Path(str(files("residency"))) / "templates",
)
