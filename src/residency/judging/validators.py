"""Custom validations by a short name, beside those that a project registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.domain import Finding, Validator
from residency.judging.judged import book, broken_backups, records
from residency.judging.state_measures import has_backup
from residency.model import Severity
from residency.policy import INTEGRITY_STEMS
from residency.policy.settings import Coverage

if TYPE_CHECKING:
    from rehearse.domain import ExecutionView, State
    from rehearse.scenario import Scenario


def full_acgme_check(
    scenario: Scenario,
    execution_result: ExecutionView,
    pre_state: State,
    post_state: State,
    *,
    strict_mode: bool = False,
    include_warnings: bool = False,
) -> Finding:
    """No violation of a work-hour rule; with `strict_mode` no advisory either; `include_warnings` lists these."""
    del scenario, execution_result, pre_state
    hours = [record for record in records(post_state) if record.rule not in INTEGRITY_STEMS]
    violations = [record.message for record in hours if record.severity is Severity.VIOLATION]
    advisories = [record.message for record in hours if record.severity is Severity.ADVISORY]
    bad = [*violations, *(advisories if strict_mode else ())]
    told = [*bad, *(advisories if include_warnings and not strict_mode else ())]
    return Finding(not bad, not bad, " ".join(told))


def backup_chain_validator(
    scenario: Scenario,
    execution_result: ExecutionView,
    pre_state: State,
    post_state: State,
    *,
    require_full_coverage: bool = False,
) -> Finding:
    """No circle and no dead reference; with `require_full_coverage` every required duty has a valid backup."""
    del scenario, execution_result, pre_state
    bad = list(broken_backups(book(post_state)))
    if require_full_coverage:
        bad += _without_backup(post_state)
    return Finding(not bad, not bad, "; ".join(bad))


def _without_backup(state: State) -> list[str]:
    schedule = book(state).schedule
    return [
        f"`{duty.id}` of {duty.person_id} has no backup"
        for duty in schedule.duties
        if duty.rotation_id is not None
        and duty.kind.traits.covers
        and any(
            row.start < duty.end and row.end > duty.start and row.min_persons > 0
            for row in schedule.service(duty.rotation_id).requirements
        )
        and not has_backup(state, duty.person_id, duty.start, duty.end, duty.rotation_id)
    ]


def coverage_gap_validator(
    scenario: Scenario, execution_result: ExecutionView, pre_state: State, post_state: State
) -> Finding:
    """No requirement is short."""
    del scenario, execution_result, pre_state
    bad = [record.message for record in records(post_state) if record.rule == Coverage.stem]
    return Finding(not bad, not bad, " ".join(bad))


VALIDATORS = {
    function.__name__: Validator(function.__name__, function.__doc__ or "", function)
    for function in (full_acgme_check, backup_chain_validator, coverage_gap_validator)
}
