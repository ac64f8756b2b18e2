"""Invariants: what the run saw broken on the way, and what is broken in the end that was whole in the beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearse.expect.case import Case, Judgement
from rehearse.expectation import InvariantCheck

if TYPE_CHECKING:
    from rehearse.domain import Invariant

_LISTED = 5


def judge_invariant(case: Case, invariant: Invariant) -> Judgement:
    """Judge one invariant. A breach that was there before the run is none of the run's; it is a warning, and fails nothing."""
    expected = "holds after every step"
    seen = [breach for breach in case.breaches if breach.invariant == invariant.name]
    if seen:
        steps = ", ".join(dict.fromkeys(breach.step for breach in seen))
        told = "; ".join(f"after {breach.step}: {_listed(breach.breaches)}" for breach in seen)
        if all(breach.crashed for breach in seen):
            return Judgement.unknown(expected, f"could not be asked after {steps}", told)
        return Judgement.unmet(expected, f"broken after {steps}", told)
    before, after = case.evidence.before, case.evidence.after
    old = invariant.function(before, before)
    new = tuple(sentence for sentence in invariant.function(after, before) if sentence not in old)
    if new:
        return Judgement.unmet(expected, "broken after the run", f"after the run: {_listed(new)}")
    if old:
        why = f"broken before the run: {_listed(old)}"
        return Judgement(holds=True, expected=expected, actual="no worse than before", why=why, warns=True)
    return Judgement.met(expected, "holds")


def standing_invariants(case: Case) -> tuple[Invariant, ...]:
    """Return the domain's invariants that hold always and that the scenario does not name itself."""
    named = {check.name for check in case.scenario.expected_outcome.checks if isinstance(check, InvariantCheck)}
    return tuple(item for item in case.domain.invariants.values() if item.always and item.name not in named)


def _listed(sentences: tuple[str, ...]) -> str:
    more = f" and {len(sentences) - _LISTED} more" if len(sentences) > _LISTED else ""
    return ", ".join(sentences[:_LISTED]) + more
