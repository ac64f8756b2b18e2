"""Whatever the solver makes the rules accept; where it says that there is nothing, a search through all schedules finds nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings

from residency.solver.generate import generate
from residency.solver.solve import Effort, Status

from .small import all_schedules, breaches, problems

if TYPE_CHECKING:
    from residency.model import Roster
    from residency.solver.problem import Problem

EFFORT = Effort(seconds=5, workers=1)


@given(problems())
@settings(
    max_examples=int(os.environ.get("RESIDENCY_EXAMPLES", "60")),
    deadline=None,
    derandomize="RESIDENCY_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
def test_the_solver_and_the_rules_agree(made: tuple[Roster, Problem]) -> None:
    """An answer breaks no rule, and infeasible means that every way to fill the posts breaks one."""
    roster, problem = made
    result = generate(problem, EFFORT)
    if result.is_found:
        assert () == breaches(roster, problem, [(placing.post, placing.person_id) for placing in result.placings])
    else:
        assert Status.INFEASIBLE is result.status
        assert [] == [way for way in all_schedules(problem) if not breaches(roster, problem, way)]
