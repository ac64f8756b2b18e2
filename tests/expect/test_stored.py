"""A stored execution is judged like the one that ran: nothing is lost on the way to the disk and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expect.ward import CLOCK, D1, PERSONS, Trial, state, view
from rehearse.domain import Evidence, ExecutionView, Reason, StepView
from rehearse.expect.judge import judge
from rehearse.expect.stored import StoredBreach, StoredExecution, execution_from_json, execution_to_json
from rehearse.expectation import Changes
from rehearse.snapshot.serialize import diff_from_json, diff_to_json, from_json, to_json
from rehearse.values import FrozenMap
from snapshot.strategies import moments, texts, values

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
breaches = st.lists(st.builds(StoredBreach, texts, texts, st.lists(texts, max_size=2).map(tuple)), max_size=2).map(
    tuple
)


@given(executions, breaches)
def test_writing_and_reading_an_execution_changes_nothing(
    view: ExecutionView, broken: tuple[StoredBreach, ...]
) -> None:
    """The same records, and the same bytes when written again."""
    data = execution_to_json(view, broken)
    read = execution_from_json(data)
    assert read == StoredExecution(view, broken)
    assert execution_to_json(read.view, read.breaches) == data


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"types": {}, "steps": [{}]}', b"nonsense"])
def test_anything_else_is_refused(data: bytes) -> None:
    """What is no execution says so."""
    with pytest.raises(ValueError):  # noqa: PT011  (JSON's own complaint is one, too)
        execution_from_json(data)


def test_a_stored_run_gets_the_same_verdict() -> None:
    """Evidence from bytes alone: states, difference, execution, breaches."""
    after = {"persons": PERSONS, "duties": (("d1", "R9", *D1[2:]),)}
    trial = Trial(
        after=after,
        changes=Changes(none=True),
        views=(view(outcome="rejected", reasons=(Reason("rest", "tired", "R1", (CLOCK, CLOCK), 5, 4),)),),
        breaches=(StoredBreach("no_orphans", "main", ("d1 has no person",)),),
    )
    live = trial.evidence()
    stored = execution_from_json(execution_to_json(live.execution, trial.breaches))
    read = Evidence(
        state(trial.before).__class__(from_json(to_json(live.before.snapshot)), None),
        state(trial.before).__class__(from_json(to_json(live.after.snapshot)), None),
        diff_from_json(diff_to_json(live.diff)),
        stored.view,
    )
    again = judge(trial.scenario(), trial.domain, read, breaches=stored.breaches)
    assert again == trial.verdict()
    assert again.verdict == "FAILED"
