from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from boundary_rosters import CASES, Case

from residency.compliance import check
from residency.model import Severity
from residency.policy import load_policy
from residency.schedule import Schedule
from residency.wording import hours_text

if TYPE_CHECKING:
    from residency.rules import Record


def written(record: Record) -> str:
    """A record as the sheet writes it."""

    def figure(number: int) -> str:
        return hours_text(number) if record.unit == "minutes" else str(number)

    mark = "a " if record.severity is Severity.ADVISORY else ""
    return f"{record.rule}.{record.code} {mark}{figure(record.measured)} / {figure(record.limit)}"


def expected(case: Case, pack: str) -> list[str]:
    """The records of a case under a pack, sorted."""
    text = {"acgme-2025": case.acgme, "seed": case.seed, "ny405": case.ny405 or case.acgme}[pack]
    return sorted(part for part in text.split("; ") if part != "ok")


@pytest.mark.parametrize("pack", ["acgme-2025", "seed", "ny405"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"B{case.number}")
def test_boundary_case(case: Case, pack: str) -> None:
    """A boundary case of the rule sheet gives exactly the records written there, and no other."""
    schedule = Schedule.of(case.roster, case.horizon)
    assert expected(case, pack) == sorted(written(record) for record in check(schedule, load_policy(pack)))


def test_all_cases_are_there() -> None:
    """Every boundary case of the rule sheet is tried, once."""
    assert list(range(1, 56)) == [case.number for case in CASES]
