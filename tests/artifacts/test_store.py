"""Runs on disk: counted, private, complete last."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import textwrap
import threading
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

import pytest

from faults import Counted, DiesAt, FailsAt
from rehearse.artifacts.record import RunRecord, folder_stem
from rehearse.artifacts.retention import clean
from rehearse.artifacts.store import ArtifactStore
from rehearse.database.effects import SEAM
from rehearse.errors import ArtifactError
from rehearse.run.evidence import Particulars

DAY = date(2026, 3, 1)
EVIDENCE = ("before.json", "after.json", "diff.json", "sql.jsonl", "result.json")


def perform(store: ArtifactStore, scenario: str = "n1-simple-001", status: str = "passed") -> RunRecord:
    """Write a whole run as a run does."""
    folder = store.begin(scenario)
    folder.append("events.jsonl", '{"event": "run-started"}\n')
    for name in EVIDENCE:
        folder.write(name, f'{{"of": "{name}"}}')
    folder.append("events.jsonl", '{"event": "run-ended"}\n')
    return folder.complete(status, DAY)


def test_a_mark_says_what_a_history_needs(tmp_path: Path) -> None:
    """Name, time, content and database of a run, and when its command began: the same in the mark and in the index."""
    store = ArtifactStore(tmp_path / ".rehearse", began=datetime(2026, 3, 1, 9, 30))  # noqa: DTZ001  (marks have no zones)
    about = Particulars("A simple day", 0.25, "c0ffee", "sqlite")
    record = store.begin("a").complete("passed", DAY, about=about)
    assert (about, store.began) == (record.about, record.began)
    assert (record,) == store.records()
    (store.path / "index.jsonl").unlink()
    assert (record,) == store.records()


def test_a_mark_from_before_says_nothing_of_what_came_later() -> None:
    """A run that was kept by an earlier version is read as it is."""
    record = RunRecord("a-0001", "a", "passed", DAY, 30, Particulars("A", 0.5))
    old = {
        key: value for key, value in json.loads(record.dumps()).items() if key not in ("content", "backend", "began")
    }
    assert record == RunRecord.loads(json.dumps(old))


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """A store below a root that does not exist yet."""
    return ArtifactStore(tmp_path / ".rehearse")


def test_nothing_is_created_before_a_run_begins(store: ArtifactStore) -> None:
    """Listing, cleaning and asking leave no directory behind."""
    assert () == store.records()
    assert () == clean(store).removed
    assert not store.root.exists()


def test_runs_of_a_scenario_are_counted(store: ArtifactStore) -> None:
    """Ids are the scenario's id and a number from 1."""
    assert ["a-0001", "a-0002", "b-0001"] == [perform(store, name).run for name in ("a", "a", "b")]


def test_another_process_goes_on_counting(store: ArtifactStore) -> None:
    """A store opened later continues after the highest number on disk."""
    perform(store, "a")
    assert "a-0002" == perform(ArtifactStore(store.root), "a").run


def test_a_scenario_whose_id_ends_like_a_run_has_numbers_of_its_own(store: ArtifactStore) -> None:
    """`swap-001` and `swap` never share a folder, whatever their ids look like."""
    assert ["swap-0001", "swap-0001-0001"] == [perform(store, name).run for name in ("swap", "swap-0001")]
    assert ["swap-0001"] == [record.run for record in store.records(scenario="swap")]


@pytest.mark.parametrize("scenario", ["../../etc", "ÄÖ", "A b/c", "x" * 400, "-", "a--b"])
def test_an_id_that_is_no_safe_name_gets_a_slug_and_a_hash(store: ArtifactStore, scenario: str) -> None:
    """Whatever an id holds, its folder lies below the root and different ids have different folders."""
    record = perform(store, scenario)
    assert scenario == record.scenario
    assert store.path == (store.path / record.run).resolve().parent
    assert folder_stem(scenario) != folder_stem(scenario + "x")
    assert record == store.latest(scenario)


def test_threads_and_processes_never_get_the_same_folder(store: ArtifactStore) -> None:
    """Eight threads over two stores of one root get sixteen different runs."""
    stores = [store, ArtifactStore(store.root)]
    runs: list[str] = []
    threads = [threading.Thread(target=lambda s=stores[i % 2]: runs.append(perform(s, "a").run)) for i in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [f"a-{n:04d}" for n in range(1, 17)] == sorted(runs)


def test_what_was_written_is_read_back(store: ArtifactStore) -> None:
    """A finished run gives its files, its logs and its record."""
    record = perform(store)
    with store.open(record.run) as run:
        assert ("after.json", "before.json", "diff.json", "events.jsonl", "result.json", "sql.jsonl") == run.names
        assert '{"of": "diff.json"}' == run.read("diff.json")
        assert '{"event": "run-started"}\n{"event": "run-ended"}\n' == run.read("events.jsonl")
        assert record == run.record
    assert record.size == sum(record.files.values()) == 47 + 2 * 19 + 20 + 22 + 17 + 4


def test_a_text_that_is_no_valid_unicode_is_kept_visibly(store: ArtifactStore) -> None:
    """A lone surrogate becomes an escape instead of ending the run."""
    folder = store.begin("a")
    folder.write("logs.json", "\ud800")
    with store.open(folder.complete("passed", DAY).run) as run:
        assert "\\ud800" == run.read("logs.json")


def test_an_unfinished_run_does_not_count(store: ArtifactStore) -> None:
    """Without its complete mark a folder is neither listed nor opened."""
    folder = store.begin("a")
    folder.write("result.json", '{"status": "passed"}')
    folder.close()
    assert () == store.records()
    with pytest.raises(ArtifactError, match="was never finished, so nothing in it counts"):
        store.open(folder.id)


def test_pruned_files_are_gone_and_not_in_the_record(store: ArtifactStore) -> None:
    """What the author does not want kept goes before the mark is written."""
    folder = store.begin("a")
    folder.write("before.json", "{}")
    folder.append("events.jsonl", "{}\n")
    folder.write("result.json", "{}")
    folder.prune({"result.json"})
    record = folder.complete("passed", DAY)
    assert {"result.json": 2} == record.files
    assert ["complete.json", "result.json"] == sorted(path.name for path in (store.path / record.run).iterdir())


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "complete.json", "complete.next", "removing", "a\0b"])
def test_only_plain_names_are_written(store: ArtifactStore, name: str) -> None:
    """A file cannot leave its folder, nor forge the mark."""
    folder = store.begin("a")
    with pytest.raises(ArtifactError, match="is no name for a file of a run"):
        folder.write(name, "x")
    folder.close()


def test_a_file_is_written_once(store: ArtifactStore) -> None:
    """Evidence is never overwritten."""
    folder = store.begin("a")
    folder.write("before.json", "{}")
    with pytest.raises(ArtifactError, match=r"cannot write .*before\.json \(phase act\): File exists"):
        folder.write("before.json", "{}", phase="act")
    assert "{}" == (folder.path / "before.json").read_text()
    folder.close()


def test_a_planted_symlink_is_not_followed(store: ArtifactStore, tmp_path: Path) -> None:
    """Neither writing nor reading goes through a link that lies in a run's folder."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    folder = store.begin("a")
    (folder.path / "before.json").symlink_to(secret)
    with pytest.raises(ArtifactError, match="File exists"):
        folder.write("before.json", "{}")
    record = folder.complete("passed", DAY)
    with store.open(record.run) as run, pytest.raises(ArtifactError, match="cannot read"):
        run.read("before.json")
    assert "secret" == secret.read_text()


def test_a_truncated_file_of_a_finished_run_is_refused(store: ArtifactStore) -> None:
    """A file that lost its end since the mark was written is not evidence."""
    record = perform(store)
    (store.path / record.run / "diff.json").write_text("{")
    with store.open(record.run) as run, pytest.raises(ArtifactError, match="has 1 bytes, not the 19 that were written"):
        run.read("diff.json")


def test_an_unknown_run_or_scenario_suggests_the_nearest(store: ArtifactStore) -> None:
    """Names are answered with the one that was probably meant."""
    perform(store, "swap-simple")
    with pytest.raises(ArtifactError, match="did you mean `swap-simple-0001`"):
        store.open("swap-simpel-0001")
    with pytest.raises(ArtifactError, match="did you mean `swap-simple`"):
        store.latest("swap-simpel")
    with pytest.raises(ArtifactError, match=r"no run `\.\./\.\./etc`"):
        store.open("../../etc")


def test_a_lost_or_torn_index_is_not_missed(store: ArtifactStore) -> None:
    """The folders are the truth; the index only repeats them."""
    records = [perform(store, "a"), perform(store, "b", "failed")]
    index = store.path / "index.jsonl"
    for damaged in (b"", index.read_bytes()[:-40], b"\xff\xfe{}\n[]\n" + index.read_bytes()):
        index.write_bytes(damaged)
        assert records == list(ArtifactStore(store.root).records())
    index.unlink()
    assert records == list(ArtifactStore(store.root).records())


def test_an_index_line_without_its_folder_is_not_listed(store: ArtifactStore) -> None:
    """A folder that somebody removed by hand is gone from the list too."""
    record = perform(store, "a")
    for path in (store.path / record.run).iterdir():
        path.unlink()
    (store.path / record.run).rmdir()
    assert () == store.records()


def test_a_mark_that_is_no_mark_makes_no_run(store: ArtifactStore) -> None:
    """Any JSON in the mark's place is as good as none."""
    folder = store.begin("a")
    folder.close()
    (store.path / "index.jsonl").unlink(missing_ok=True)
    for text in ("{}", "[]", "null", "{", '{"run": 1, "files": []}'):
        (folder.path / "complete.json").write_text(text)
        assert () == store.records()


@pytest.mark.parametrize("umask", ["000", "777", "022"])
def test_modes_are_private_whatever_the_umask(tmp_path: Path, umask: str) -> None:
    """Every directory is 0700 and every file 0600 (a child sets the umask)."""
    child(
        tmp_path,
        f"os.umask(0o{umask}); folder = store.begin('a'); folder.write('b.json', 'x'); folder.append('e.jsonl', 'x')",
        "folder.complete('passed', DAY)",
    )
    paths = [tmp_path / ".rehearse", *(tmp_path / ".rehearse").rglob("*")]
    assert {(True, 0o700), (False, 0o600)} == {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in paths}
    assert 7 == len(paths)


def test_a_root_that_is_a_symlink_is_refused(tmp_path: Path) -> None:
    """Somebody may have pointed it elsewhere."""
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / ".rehearse").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArtifactError, match="is a symlink; name a directory of your own"):
        ArtifactStore(tmp_path / ".rehearse").begin("a")
    assert [] == list((tmp_path / "elsewhere").iterdir())


def test_a_directory_of_runs_that_is_a_symlink_is_refused(tmp_path: Path) -> None:
    """The same one level below."""
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / ".rehearse").mkdir(mode=0o700)
    (tmp_path / ".rehearse" / "runs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArtifactError, match="runs is a symlink"):
        ArtifactStore(tmp_path / ".rehearse").begin("a")


def test_a_root_that_others_may_write_is_refused(tmp_path: Path) -> None:
    """Others could exchange what we write."""
    (tmp_path / ".rehearse").mkdir()
    (tmp_path / ".rehearse").chmod(0o777)
    with pytest.raises(ArtifactError, match=r"may be written by others.*chmod go-w"):
        ArtifactStore(tmp_path / ".rehearse").begin("a")


def test_a_root_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner could exchange what we write."""
    (tmp_path / ".rehearse").mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    with pytest.raises(ArtifactError, match="belongs to user"):
        ArtifactStore(tmp_path / ".rehearse").begin("a")


def test_a_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """A file in the way is named."""
    (tmp_path / ".rehearse").write_text("")
    with pytest.raises(ArtifactError, match="cannot be opened as a directory"):
        ArtifactStore(tmp_path / ".rehearse").begin("a")


def test_a_full_disk_names_path_and_phase_and_leaves_no_half_file(tmp_path: Path) -> None:
    """A child with a limit on file sizes gets the error, and the file that did not fit is gone."""
    said = child(
        tmp_path,
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)",
        "sys.dont_write_bytecode = True  # half a file of it would be left where every later process reads it",
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))",
        "folder = store.begin('a'); folder.write('small.json', 'x')",
        "try:",
        "    folder.write('after.json', 'x' * 200_000, phase='capture_after')",
        "except ArtifactError as error:",
        "    print(error, sorted(os.listdir(folder.path)))",
    )
    path = tmp_path / ".rehearse" / "runs" / "a-0001" / "after.json"
    assert f"cannot write {path} (phase capture_after): File too large ['small.json']" == said


def test_an_error_at_any_effect_never_leaves_a_run_that_counts_but_is_not_whole(tmp_path: Path) -> None:
    """Sweep: fail every numbered effect, once and for ever after; a listed run always has everything."""
    n = 1
    for sticky in (False, True):
        for n in range(1, 100):
            store = ArtifactStore(tmp_path / f"{n}{sticky}")
            fault = FailsAt(n, sticky=sticky)
            with SEAM.heard_by(fault), suppress(ArtifactError):
                perform(store)
            whole = {*EVIDENCE, "events.jsonl"}
            assert all(whole == set(record.files) for record in store.records())
            if not fault.reached:
                break
        assert n == 1 + effects_of_a_run(tmp_path / f"count{sticky}")


def test_a_kill_at_any_effect_never_leaves_a_run_that_counts_but_is_not_whole(tmp_path: Path) -> None:
    """Sweep: kill the process at every effect; what is left is whole, or a wreck that `clean` removes."""
    total = effects_of_a_run(tmp_path / "count")
    for n in range(1, total + 1):
        process = os.fork()
        if process == 0:
            with SEAM.heard_by(DiesAt(n)):
                perform(ArtifactStore(tmp_path / str(n)))
            os._exit(0)
        assert -9 == os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        store = ArtifactStore(tmp_path / str(n))
        records = store.records()
        assert all({*EVIDENCE, "events.jsonl"} == set(record.files) for record in records)
        clean(store)
        assert tuple(record.run for record in records) == store.folders()


def effects_of_a_run(root: Path) -> int:
    """Return how many effects an unharmed run has, its directories included."""
    counted = Counted()
    with SEAM.heard_by(counted):
        perform(ArtifactStore(root))
    return len(counted.effects)


def test_a_closed_store_can_be_used_again_and_nothing_stays_open(store: ArtifactStore) -> None:
    """Every descriptor is given back."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with store:
            record = perform(store)
            with store.open(record.run) as run:
                run.read("diff.json")
            store.set_expiration(record.run, 3)
    assert before == len(list(Path("/proc/self/fd").iterdir()))


def child(where: Path, *lines: str) -> str:
    """Run statements in a process of its own that has a store; return what it printed."""
    head = """
        import os
        from datetime import date
        from rehearse.artifacts.store import ArtifactStore
        from rehearse.errors import ArtifactError
        DAY = date(2026, 3, 1)
        store = ArtifactStore(os.path.join(os.getcwd(), ".rehearse"))
    """
    program = "\n".join([textwrap.dedent(head), *lines])
    done = subprocess.run([sys.executable, "-c", program], cwd=where, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.stdout.strip()
