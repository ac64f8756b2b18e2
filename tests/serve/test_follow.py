"""Following runs on disk: what a look finds, and what it leaves alone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest

from rehearse.artifacts.store import ArtifactStore
from rehearse.artifacts.watching import is_held, mark_of, tail
from rehearse.run.events import PhaseStarted, RunStarted, StepEnded, StepProgress, StepStarted, event_line, read_event
from rehearse.run.evidence import EVENTS, Particulars
from rehearse.serve import trail
from rehearse.serve.follow import Follower
from rehearse.serve.history import PER_PAGE, Filter, chosen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rehearse.artifacts.folder import RunFolder
    from rehearse.run.events import Event

BEGINNING: tuple[Event, ...] = (
    RunStarted("lamps", "Two lamps", "lamps-0001", 2, 30.0),
    PhaseStarted("lamps", "act"),
    StepStarted("lamps", 1, 2, "step1", "place_order"),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ArtifactStore]:
    """A place for runs."""
    with ArtifactStore(tmp_path / "runs") as found:
        yield found


def begun(store: ArtifactStore, *events: Event) -> RunFolder:
    """Begin a run and log these events."""
    folder = store.begin("lamps")
    log(folder, *events)
    return folder


def log(folder: RunFolder, *events: Event) -> None:
    """Add events to a run's log, a second apart."""
    folder.append(EVENTS, "".join(event_line(event, float(at)) for at, event in enumerate(events)))


def test_an_event_is_read_back() -> None:
    """A line of the log is the event that it tells, and when."""
    for event in (*BEGINNING, StepProgress("lamps", 1, 2, "step1", "place_order", 1.5, None)):
        assert (2.5, event) == read_event(event_line(event, 2.5))
    with pytest.raises(ValueError, match="no line of an event log"):
        read_event('{"event": "somebody-sneezed", "at": 1}')


def test_a_run_is_followed_to_its_end(store: ArtifactStore) -> None:
    """Each look tells what is new and nothing else: the beginning, queries so far, the end."""
    follower = Follower(store)
    assert () == follower.look()
    folder = begun(store, *BEGINNING)
    (seen,) = follower.look()
    assert ("running", "place_order", 2, 0, 0) == (seen.state, seen.doing, seen.steps, seen.ended, seen.queries)
    assert () == follower.look()
    log(folder, StepProgress("lamps", 1, 2, "step1", "place_order", 1.0, 7))
    (seen,) = follower.look()
    assert 7 == seen.queries
    log(folder, StepEnded("lamps", 1, 2, "step1", "place_order", "rejected", False, 2.0, 9))  # noqa: FBT003  (the event's own order)
    (seen,) = follower.look()
    assert (1, 1, 9) == (seen.ended, seen.unmet, seen.queries)
    folder.complete("failed", date(2024, 12, 25), about=Particulars("Two lamps", 2.5))
    (seen,) = follower.look()
    assert ("failed", "", 2.5, 9) == (seen.state, seen.doing, seen.seconds, seen.queries)
    assert () == follower.look()


def test_what_was_over_before_is_history(store: ArtifactStore) -> None:
    """The first look tells what goes on, not what was finished or left behind long ago."""
    begun(store, *BEGINNING).complete("passed", date(2024, 12, 25))
    begun(store, *BEGINNING).close()
    folder = begun(store, *BEGINNING)
    follower = Follower(store)
    assert ["lamps-0003"] == [seen.run for seen in follower.look()]
    folder.close()
    assert [("lamps-0003", "broken off")] == [(seen.run, seen.state) for seen in follower.look()]
    assert () == follower.look() == follower.going()


def test_a_folder_without_a_log_is_not_touched(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has just made it may be about to lock it; only after a while is it taken for what a killed run left."""
    follower = Follower(store)
    follower.look()
    (store.path / "lamps-0001").mkdir(parents=True)
    assert () == follower.look()
    monkeypatch.setattr(trail, "CLAIMING", 0.0)
    assert () == follower.look()
    assert () == follower.look()


def test_what_cannot_be_read_is_passed_over(store: ArtifactStore) -> None:
    """Half a line waits for its other half; a line of another version says nothing; names of strangers are made visible."""
    follower = Follower(store)
    follower.look()
    folder = begun(store, replace(BEGINNING[0], scenario_name="\x1b[31mred\x07"))
    line = event_line(BEGINNING[1], 1.0)
    folder.append(EVENTS, f'{{"event": "new-in-2030", "at": 1}}\nnonsense\n{line[:20]}')
    (seen,) = follower.look()
    assert (r"\x1b[31mred\x07", None) == (seen.name, seen.acting)
    folder.append(EVENTS, line[20:])
    (seen,) = follower.look()
    assert seen.acting is not None


def test_a_run_that_is_removed_is_forgotten(store: ArtifactStore) -> None:
    """A folder that goes while it is followed is broken off, and no defect."""
    follower = Follower(store)
    follower.look()
    folder = begun(store, *BEGINNING)
    follower.look()
    folder.prune(())
    folder.path.rmdir()
    assert ["broken off"] == [seen.state for seen in follower.look()]


def test_a_place_that_is_removed_is_found_anew(store: ArtifactStore) -> None:
    """Whoever throws all runs away and begins again is followed as before, under the same numbers too."""
    follower = Follower(store)
    begun(store, *BEGINNING).complete("passed", date(2024, 12, 25))
    follower.look()
    shutil.rmtree(store.root)
    with ArtifactStore(store.root) as again:
        begun(again, *BEGINNING)
        assert [("lamps-0001", "running")] == [(seen.run, seen.state) for seen in follower.look()]


@pytest.mark.parametrize("name", ["..", "../runs", "index.jsonl", "", "lamps-0001/../lamps-0001", "never-0001"])
def test_only_runs_are_looked_into(store: ArtifactStore, name: str) -> None:
    """A name that is no run's leads nowhere."""
    begun(store, *BEGINNING)
    assert (None, None, False) == (tail(store, name, EVENTS, 0), mark_of(store, name), is_held(store, name))


@pytest.fixture
def full(store: ArtifactStore) -> ArtifactStore:
    """A place with more runs than fit on a page."""
    for number in range(PER_PAGE + 3):
        backend = "postgresql" if number % 2 else "sqlite"
        status = "failed" if number == 1 else "passed"
        store.begin("lamps").complete(status, date(2024, 12, 25), about=Particulars("Two Lamps", backend=backend))
    store.began = datetime(2030, 1, 1)  # noqa: DTZ001  (as the store keeps it)
    store.begin("older").complete("passed", date(2024, 12, 24))
    return store


@pytest.mark.parametrize(
    ("query", "count", "first"),
    [
        ({}, PER_PAGE + 4, "older-0001"),
        ({"page": "2"}, PER_PAGE + 4, "lamps-0004"),
        ({"page": "99"}, PER_PAGE + 4, "lamps-0004"),
        ({"page": "-1"}, PER_PAGE + 4, "older-0001"),
        ({"page": "9" * 5000}, PER_PAGE + 4, "older-0001"),
        ({"status": "failed"}, 1, "lamps-0002"),
        ({"status": "nonsense"}, PER_PAGE + 4, "older-0001"),
        ({"words": "TWO lamps"}, PER_PAGE + 3, "lamps-0053"),
        ({"words": "lamps 0007"}, 1, "lamps-0007"),
        ({"backend": "postgresql", "status": "passed"}, 25, "lamps-0052"),
    ],
)
def test_the_history_is_filtered(full: ArtifactStore, query: dict[str, str], count: int, first: str) -> None:
    """The newest come first; words, status and database choose, a page that is none is the nearest that is."""
    found = chosen(full, Filter.of(query))
    assert (count, PER_PAGE + 4, first) == (found.count, found.total, found.records[0].run)


def test_a_filter_is_its_address() -> None:
    """What stands in an address is the filter, and a filter says its address."""
    wanted = Filter("a & b", "failed", "sqlite", 3)
    assert "/history?words=a+%26+b&status=failed&backend=sqlite&page=3" == wanted.address()
    assert "/history" == Filter().address(page=1)
