"""What goes when: expiry against a day that is passed in, wrecks without a holder, and every stop half-way."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from faults import Counted, FailsAt
from rehearse.artifacts.export import Exporter, export, export_name
from rehearse.artifacts.manager import ArtifactManager, today_utc
from rehearse.artifacts.record import RunRecord
from rehearse.artifacts.retention import clean, kept, sweep
from rehearse.artifacts.store import ArtifactStore
from rehearse.database.effects import SEAM
from rehearse.errors import ArtifactError

DAY = date(2026, 3, 1)


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """An empty store."""
    return ArtifactStore(tmp_path / ".rehearse")


def run(store: ArtifactStore, status: str = "passed", *, days: int | None = 30, scenario: str = "a") -> str:
    """Finish a run and return its id."""
    folder = store.begin(scenario)
    folder.write("before.json", "{}")
    folder.write("result.json", "{}")
    return folder.complete(status, DAY, retention_days=days).run


def runs(store: ArtifactStore) -> list[str]:
    """Return the ids of the finished runs."""
    return [record.run for record in store.records()]


def test_a_passed_run_goes_on_the_day_its_time_is_over(store: ArtifactStore) -> None:
    """Not a day before; the day is passed in, the machine's clock is not asked."""
    first, newest = run(store), run(store)
    assert () == sweep(store, DAY + timedelta(days=29)).removed
    assert (first,) == sweep(store, DAY + timedelta(days=30)).removed
    assert [newest] == runs(store)
    assert [newest] == [path.name for path in store.path.iterdir() if path.is_dir()]


@pytest.mark.parametrize("status", ["failed", "unknown", "timeout", "error"])
def test_a_run_that_did_not_pass_stays_at_least_ninety_days(store: ArtifactStore, status: str) -> None:
    """However short the author's wish."""
    first = run(store, status, days=0)
    run(store)
    assert () == sweep(store, DAY + timedelta(days=89)).removed
    assert (first,) == sweep(store, DAY + timedelta(days=90)).removed


def test_a_longer_wish_than_ninety_days_is_granted_to_a_failed_run(store: ArtifactStore) -> None:
    """The ninety days are a floor."""
    first = run(store, "failed", days=365)
    run(store)
    assert () == sweep(store, DAY + timedelta(days=364)).removed
    assert (first,) == sweep(store, DAY + timedelta(days=365)).removed


def test_zero_days_go_at_the_next_sweep_even_with_the_clock_set_back(store: ArtifactStore) -> None:
    """A passed run that was to be kept for no day goes at once, newest or not."""
    only = run(store, days=0)
    assert (only,) == sweep(store, DAY - timedelta(days=400)).removed


def test_no_retention_keeps_for_ever(store: ArtifactStore) -> None:
    """Debug runs do not expire."""
    run(store, days=None)
    run(store)
    assert () == sweep(store, date.max).removed


def test_a_retention_beyond_the_calendar_never_expires() -> None:
    """Ten years from the last day that Python knows is no error."""
    record = RunRecord("a-0001", "a", "passed", date(9999, 1, 1), 3650)
    assert record.expires is None
    assert not record.expired(date.max)


def test_a_clock_that_jumps_ahead_takes_no_scenarios_last_evidence(store: ArtifactStore) -> None:
    """The newest run of each scenario and its newest passed one stay."""
    gone, passed, failed, other = run(store), run(store), run(store, "failed"), run(store, scenario="b")
    assert (gone,) == sweep(store, date.max).removed
    assert [passed, failed, other] == runs(store)


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2026, 12, 31), date(2027, 1, 1), date(2026, 3, 29)])
def test_leap_days_and_years_ends_are_days_like_others(today: date) -> None:
    """Thirty days are thirty days."""
    record = RunRecord("a-0001", "a", "passed", today - timedelta(days=30), 30)
    assert record.expired(today)
    assert not record.expired(today - timedelta(days=1))


def test_a_number_is_never_given_twice(store: ArtifactStore) -> None:
    """After a sweep, and for a store opened later, counting goes on where it was."""
    run(store, days=0)
    sweep(store, DAY)
    assert "a-0002" == run(ArtifactStore(store.root), days=0)
    again = ArtifactStore(store.root)
    sweep(again, DAY)
    again.rewrite_index()
    assert "a-0003" == run(ArtifactStore(store.root))


def test_a_dry_run_removes_nothing(store: ArtifactStore) -> None:
    """It says what would go and how large it is."""
    only = run(store, days=0)
    would = sweep(store, DAY, dry_run=True)
    assert (only,) == would.removed
    assert would.bytes_freed > 4
    assert [only] == runs(store)


def test_what_goes_says_why_how_old_and_how_large(store: ArtifactStore) -> None:
    """Outcome and days of a finished run; of a wreck that it never finished, and the day it was last written to."""
    passed, failed, wished = run(store), run(store, "failed"), run(store, days=0)
    run(store, "failed")
    wreck = store.begin("a")
    wreck.write("before.json", "{}")
    wreck.close()
    os.utime(wreck.path, (0, 0))
    today = DAY + timedelta(days=90)
    told = {each.run: (each.why, each.since) for each in sweep(store, today, dry_run=True).gone}
    assert {
        passed: ("passed, was to be kept for 30 days", DAY),
        failed: ("failed, was to be kept for 90 days", DAY),
        wished: ("passed, was to be kept for no day", DAY),
    } == told
    (found,) = clean(store, dry_run=True).gone
    assert (wreck.id, "never finished", date(1970, 1, 1), 2) == (found.run, found.why, found.since, found.size)


def test_what_is_kept_says_how_large_it_is_and_how_long_it_stays(store: ArtifactStore) -> None:
    """Until its day, for ever, as its scenario's newest beyond its day, or no longer."""
    runs = [run(store), run(store, days=None), run(store, "failed", scenario="b"), run(store), run(store, scenario="c")]
    export(store, runs[1], "markdown", [Exporter("markdown", lambda _: "x" * 1000)])
    now = {each.record.run: each for each in kept(store, DAY)}
    assert {"until", "ever"} == {each.fate for each in now.values()}
    assert (
        now[runs[1]].size == now[runs[1]].record.size + 1000 + (store.path / runs[1] / "complete.json").stat().st_size
    )
    later = {each.record.run: each.fate for each in kept(store, DAY + timedelta(days=400))}
    assert dict(zip(runs, ("over", "ever", "newest", "newest", "newest"), strict=True)) == later


def test_what_was_saved_by_hand_is_no_failure(store: ArtifactStore) -> None:
    """A saved log has the days it was given, not the ninety of a run that did not pass."""
    first = run(store, "saved")
    run(store, "saved")
    assert (first,) == sweep(store, DAY + timedelta(days=30)).removed


def test_nothing_outside_the_root_is_touched(store: ArtifactStore, tmp_path: Path) -> None:
    """A link in a run's folder goes and its target stays; a link in a folder's place is followed by nobody."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.txt").write_text("kept")
    doomed = run(store, days=0)
    (store.path / doomed / "report.link").symlink_to(outside / "precious.txt")
    (store.path / "a-0099").symlink_to(outside)
    assert (doomed,) == sweep(store, DAY).removed
    with pytest.raises(ArtifactError, match=r"cannot remove .*a-0099"):
        clean(store)
    assert "kept" == (outside / "precious.txt").read_text()


def test_a_run_that_cannot_be_removed_holds_up_no_other(store: ArtifactStore) -> None:
    """A folder that somebody put into a run's is not taken; every other run goes, the index agrees, and the error names the one."""
    stuck, gone, stays = run(store, days=0), run(store, days=0), run(store)
    (store.path / stuck / "mine").mkdir()
    with pytest.raises(ArtifactError, match=rf"cannot remove .*{stuck}"):
        sweep(store, DAY)
    assert not (store.path / gone).exists()
    assert [stays] == runs(store)
    indexed = [json.loads(line).get("run") for line in (store.path / "index.jsonl").read_text().splitlines()[1:]]
    assert [stays] == indexed
    (store.path / stuck / "mine").rmdir()
    assert (stuck,) == sweep(store, DAY).removed


def test_a_run_that_is_being_read_stays_and_is_named(store: ArtifactStore) -> None:
    """A sweep waits for nobody and takes nothing from a reader's hands."""
    only = run(store, days=0)
    with store.open(only) as stored:
        kept = sweep(store, DAY)
        assert ((), (only,)) == (kept.removed, kept.busy)
        assert "{}" == stored.read("before.json")
    assert (only,) == sweep(store, DAY).removed


def test_clean_removes_wrecks_and_nothing_else(store: ArtifactStore) -> None:
    """An unfinished folder goes when nobody holds it; one that is being written stays, and so do finished runs."""
    finished = run(store)
    wreck = store.begin("a")
    wreck.write("before.json", "{}")
    wreck.close()
    living = store.begin("a")
    cleaned = clean(store)
    assert ((wreck.id,), (living.id,)) == (cleaned.removed, cleaned.busy)
    living.complete("passed", DAY)
    assert [finished, living.id] == runs(store)


def test_the_wreck_of_a_killed_process_is_cleaned_and_a_living_one_is_not(store: ArtifactStore) -> None:
    """The kernel drops the lock of a killed process; no process id is believed."""
    program = f"""if True:
        import sys
        from rehearse.artifacts.store import ArtifactStore
        folder = ArtifactStore({str(store.root)!r}).begin("a")
        folder.write("before.json", "[]")
        print(folder.id, flush=True)
        sys.stdin.read()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        wreck = process.stdout.readline().strip()
        assert (wreck,) == clean(store).busy
        process.kill()
        process.wait()
    assert (wreck,) == clean(store).removed


def test_a_sweep_stopped_at_any_effect_leaves_index_and_disk_agreeing_and_the_next_mends(tmp_path: Path) -> None:
    """Sweep: fail each effect of a removal, once and for ever; no half-removed run counts, the next finishes."""
    for sticky in (False, True):
        for n in range(1, 100):
            store = ArtifactStore(tmp_path / f"{n}{sticky}")
            doomed, kept = run(store, days=0), run(store)
            fault = FailsAt(n, sticky=sticky)
            try:
                with SEAM.heard_by(fault):
                    sweep(store, DAY)
            except ArtifactError:
                assert fault.reached
            for record in store.records():
                with store.open(record.run) as stored:
                    assert ["{}", "{}"] == [stored.read("before.json"), stored.read("result.json")]
            sweep(store, DAY)
            clean(store)
            assert [kept] == runs(store)
            assert doomed not in store.folders()
            if not fault.reached:
                break
        assert n > 5


def test_expiration_can_be_said_anew(store: ArtifactStore) -> None:
    """It is counted from the day the run was finished, and survives in mark and index."""
    first = run(store)
    run(store)
    assert DAY + timedelta(days=100) == store.set_expiration(first, 100).expires
    assert [100, 30] == [record.retention_days for record in ArtifactStore(store.root).records()]
    (store.path / "index.jsonl").unlink()
    assert [100, 30] == [record.retention_days for record in ArtifactStore(store.root).records()]
    assert () == sweep(store, DAY + timedelta(days=99)).removed


def test_expiration_that_cannot_be_written_leaves_the_old_one(store: ArtifactStore) -> None:
    """A full disk at this moment costs the wish, not the run."""
    only = run(store)
    with SEAM.heard_by(FailsAt(1, sticky=True)), pytest.raises(ArtifactError, match=r"complete\.json \(phase retain\)"):
        store.set_expiration(only, 100)
    assert [30] == [record.retention_days for record in store.records()]


def test_the_manager_works_on_the_newest_run(store: ArtifactStore) -> None:
    """The seed's calls: set_expiration, export and sweep by scenario id."""
    old, new = run(store), run(store)
    exporters = [Exporter("json", lambda stored: stored.record.run)]
    manager = ArtifactManager(store, exporters=exporters, today=lambda: date.max)
    assert new == asyncio.run(manager.set_expiration(scenario_id="a", retention_days=None)).run
    path = asyncio.run(manager.export(scenario_id="a", format="json"))
    assert (new, "report.json") == (path.read_text(), path.name)
    assert (old,) == asyncio.run(manager.sweep()).removed


def test_the_manager_has_a_root_and_a_day_of_its_own() -> None:
    """Without arguments it works below the project's folder, on the day in UTC."""
    assert Path(".rehearse") == ArtifactManager().store.root
    assert isinstance(today_utc(), date)


def test_an_export_is_made_again_and_evidence_is_not(store: ArtifactStore) -> None:
    """A report may be rendered anew over an earlier one; no exporter can replace evidence."""
    only = run(store)
    for text in ("one", "two"):
        path = export(store, only, "html_report", [Exporter("html_report", lambda _, text=text: text)])
        assert ("report.html", text) == (path.name, path.read_text())
    with store.open(only) as stored, pytest.raises(ArtifactError, match="is evidence of a-0001"):
        stored.write_export("before.json", "forged")


def test_an_export_left_half_way_is_written_over(store: ArtifactStore) -> None:
    """The temporary file of an export that was killed does not stand in the way."""
    only = run(store)
    (store.path / only / "report.md.next").write_text("half")
    assert "whole" == export(store, only, "markdown", [Exporter("markdown", lambda _: "whole")]).read_text()
    assert not (store.path / only / "report.md.next").exists()


def test_an_export_that_cannot_be_written_names_its_path(store: ArtifactStore) -> None:
    """Disk full again."""
    only = run(store)
    with SEAM.heard_by(FailsAt(1)), pytest.raises(ArtifactError, match=r"report\.json \(phase export\): No space left"):
        export(store, only, "json", [Exporter("json", lambda _: "{}")])


def test_an_unknown_format_suggests_the_nearest(store: ArtifactStore) -> None:
    """`html` is meant as `html_report`."""
    only = run(store)
    with pytest.raises(ArtifactError, match="no export format `htm_report`; did you mean `html_report`"):
        export(store, only, "htm_report", [Exporter("html_report", lambda _: "")])
    assert ["report.junit.xml", "report.xlsx"] == [export_name("junit"), export_name("xlsx")]


def test_a_written_index_is_one_line_of_numbers_and_one_for_each_run(store: ArtifactStore) -> None:
    """The index after a sweep, byte by byte but for the sizes."""
    run(store, days=0)
    run(store)
    sweep(store, DAY)
    lines = [json.loads(line) for line in (store.path / "index.jsonl").read_text().splitlines()]
    assert {"last": {"a": 2}} == lines[0]
    assert ["a-0002"] == [line["run"] for line in lines[1:]]
    assert "2026-03-31" == lines[1]["expires"]


def test_an_index_that_cannot_be_rewritten_is_an_error_that_names_it(store: ArtifactStore) -> None:
    """The runs themselves are untouched."""
    run(store)
    with SEAM.heard_by(FailsAt(1)), pytest.raises(ArtifactError, match=r"index\.jsonl \(phase retain\)"):
        store.rewrite_index()
    assert ["a-0001"] == runs(store)


def test_removal_is_announced_effect_by_effect(store: ArtifactStore) -> None:
    """The mark is renamed before any file goes, and the folder goes last."""
    only = run(store, days=0)
    counted = Counted()
    with SEAM.heard_by(counted):
        sweep(store, DAY)
    kinds = [kind for kind, _ in counted.effects]
    assert ("rename", "removing") == counted.effects[0]
    assert [("remove", "removing"), ("remove", only)] == counted.effects[3:5]
    assert ["rename", "remove", "remove", "remove", "remove"] == kinds[:5]


def test_a_run_that_vanishes_under_the_sweep_is_no_disaster(store: ArtifactStore) -> None:
    """Two sweeps at once: what the other took first is reported as an error of that path, nothing else is lost."""
    doomed, kept = run(store, days=0), run(store)

    def other(kind: str, target: str) -> None:
        if (kind, target) == ("rename", "removing"):
            for path in (store.path / doomed).iterdir():
                path.unlink()
            (store.path / doomed).rmdir()

    with SEAM.heard_by(other), pytest.raises(ArtifactError, match="cannot remove"):
        sweep(store, DAY)
    assert [kept] == runs(store)
