"""A stored execution is judged like the one that ran: nothing is lost on the way to the disk and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from expect.ward import CLOCK, D1, PERSONS, Trial
from rehearse.codec import dumps, loads
from rehearse.domain import Evidence, ExecutionView, Reason, State, StepView
from rehearse.expect.judge import judge
from rehearse.expectation import Changes
from rehearse.run.outcome import Execution, InvariantBreach, StepResult
from rehearse.snapshot.serialize import diff_from_json, diff_to_json, from_json, to_json
from rehearse.values import FrozenMap
from snapshot.strategies import moments, texts, untimed, values

reasons = st.builds(
    Reason,
    texts,
    texts,
    st.none() | texts,
    st.none() | st.tuples(moments, moments),
    st.none() | st.integers(),
    st.none() | st.integers(),
)
durations = st.floats(0, 10**6)
steps = st.builds(
    StepView,
    texts,
    texts,
    st.sampled_from(["done", "rejected", "error", "unknown", "skipped"]),
    st.lists(reasons, max_size=2).map(tuple),
    st.dictionaries(texts, values, max_size=3).map(FrozenMap),
    st.none() | texts,
    durations,
    st.integers(0, 100),
    moments,
)
executions = st.builds(
    ExecutionView,
    st.lists(steps, max_size=3).map(tuple),
    st.dictionaries(st.sampled_from(["SELECT", "UPDATE", "BEGIN"]), st.integers(0, 99)),
    durations,
    durations,
)


@untimed
@given(executions)
def test_writing_and_reading_an_execution_changes_nothing(view: ExecutionView) -> None:
    """The same records, and the same text when written again."""
    text = dumps(view)
    read = loads(ExecutionView, text)
    assert read == view
    assert dumps(read) == text


def test_a_stored_run_gets_the_same_verdict() -> None:
    """Evidence from texts alone: states, difference, execution, breaches."""
    reasons = (Reason("rest", "tired", "R1", (CLOCK, CLOCK), 5, 4),)
    execution = Execution(
        (StepResult("main", 0, "work", "rejected", CLOCK, reasons=reasons, seconds=0.5, queries={"SELECT": 2}),),
        0.75,
        2.0,
        (InvariantBreach("no_orphans", "main", ("d1 has no person",)),),
    )
    trial = Trial(
        after={"persons": PERSONS, "duties": (("d1", "R9", *D1[2:]),)},
        changes=Changes(none=True),
        views=execution.view().steps,
        breaches=execution.breaches,
    )
    live = trial.evidence()
    stored = loads(Execution, dumps(execution))
    read = Evidence(
        State(from_json(to_json(live.before.snapshot)), None),
        State(from_json(to_json(live.after.snapshot)), None),
        diff_from_json(diff_to_json(live.diff)),
        stored.view(),
    )
    again = judge(trial.scenario(), trial.domain, read, breaches=stored.breaches)
    assert again == trial.verdict()
    assert again.verdict == "FAILED"
    assert {check.status for check in again.checks} == {"failed"}
