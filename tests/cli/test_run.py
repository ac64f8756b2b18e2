"""``run``: what is performed, what is printed, and the exit code."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine

from cli.conftest import BROKEN, FILES, scenario
from loading.shop_domain import METADATA
from report.golden import assert_golden

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command

TIMES = re.compile(r"<1 ms|\d+ ms|\d+\.\d s")
MATRIX = scenario(
    "Many lamps",
    "sell-many",
    body="""\
  matrix: {product: {pieces: [1, 2, 3]}}
  test_case: {operation: place_order, parameters: {product: lamp, quantity: "${pieces}"}}
  expected_outcome: {orders_placed: 1}
""",
)
CONCURRENT = scenario(
    "Two buyers at once",
    "two-buyers",
    body="""\
  test_case:
    concurrent_operations:
      - {operation: place_order, parameters: {product: lamp, quantity: 2}}
      - {operation: place_order, parameters: {product: lamp, quantity: 2}}
  expected_outcome: {success: false, stock_total: 1}
""",
)


def stable(text: str) -> str:
    """Return `text` without what differs from run to run and from machine to machine."""
    return re.sub(r"sqlite \d+\.\d+\.\d+", "sqlite V", TIMES.sub("T", text))


def events(out: str) -> list[dict[str, object]]:
    """Return the JSON lines of a run."""
    return [json.loads(line) for line in out.splitlines()]


def test_a_passing_run(rehearse: Command) -> None:
    """A run that passes prints its report and ends with 0; progress goes to standard error, one line a step."""
    answer = rehearse("run", "sell-two")
    assert answer.code == 0
    assert_golden("cli/run-passed.txt", stable(answer.out))
    assert_golden("cli/run-progress.txt", stable(answer.err))


def test_a_failing_run(rehearse: Command) -> None:
    """An unmet expectation is shown with what was expected, what was found and where it stands; the exit code is 1."""
    answer = rehearse("run", "sell-wrong")
    assert answer.code == 1
    assert_golden("cli/run-failed.txt", stable(answer.out))


def test_many_runs(rehearse: Command) -> None:
    """Of many runs those that passed have a line, the others their report; a summary ends it."""
    answer = rehearse("run", "selling")
    assert answer.code == 1
    assert_golden("cli/run-many.txt", stable(answer.out))
    assert stable(answer.err).splitlines()[0] == "sell-two [1/2] place_order … done T, 4 queries"


def test_a_crash_ends_with_three(rehearse: Command) -> None:
    """An operation that crashes is an error with its traceback, not a failure."""
    answer = rehearse("run", "fire")
    assert answer.code == 3
    assert "! The bazaar burns\n  fire · error" in answer.out
    assert "RuntimeError: the bazaar burns on 1 floors" in answer.out
    assert "Traceback" in answer.out


def test_a_timeout_ends_with_three(rehearse: Command) -> None:
    """A deadline from the command line replaces the scenario's; what misses it has timed out."""
    answer = rehearse("run", "wait", "--timeout", "0.1")
    assert answer.code == 3
    assert "◷ Nobody comes\n  wait · timeout" in answer.out


def test_everything(rehearse: Command) -> None:
    """With --all every scenario of the catalog is run, and the worst decides the exit code."""
    answer = rehearse("run", "--all", "--jobs", "2")
    assert answer.code == 3
    summary = answer.out[answer.out.index("4 scenarios: 1 passed, 1 failed, 1 timeout, 1 error · ") :]
    assert "  ✗ sell-wrong  failed   stock_total: expected 2, found 1\n" in summary
    assert re.search("  ! fire        error    .*RuntimeError: the bazaar burns on 1 floors", summary)
    assert "  slowest: wait " in summary
    assert "4 of 4 over" in answer.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "error: say what to run: ids, suites or paths, or --all\n"),
        (["--all", "sell-two"], "error: names or --all, not both\n"),
        (
            ["sell-two", "--consent", "x"],
            "error: --consent is for an existing database, and none is named; give --database URL\n",
        ),
        (["sell-too"], "error[unknown-name]: there is no scenario or suite `sell-too`\n  = did you mean `sell-two`?\n"),
    ],
)
def test_mistakes_of_the_caller(rehearse: Command, arguments: list[str], message: str) -> None:
    """What cannot be run is told in one message, with exit code 2, no traceback and nothing on disk."""
    answer = rehearse("run", *arguments)
    assert (2, "", message) == (answer.code, answer.out, answer.err)
    assert not (rehearse.root / ".rehearse").exists()


def test_nothing_runs_if_anything_is_wrong(rehearse: Command) -> None:
    """One broken file among those named stops all of them, before any database or run directory exists."""
    rehearse.write("scenarios/broken.yaml", BROKEN)
    answer = rehearse("run", "sell-two", "broken")
    assert (2, "") == (answer.code, answer.out)
    assert answer.err.count("error[") == 2
    assert not (rehearse.root / ".rehearse").exists()


def test_a_scenario_named_twice_runs_once(rehearse: Command) -> None:
    """Names may overlap."""
    answer = rehearse("run", "sell-two", "scenarios/selling/lamps.yaml", "--json")
    assert [line["event"] for line in events(answer.out)].count("result") == 1


def test_a_matrix_runs_as_a_suite(rehearse: Command) -> None:
    """The base id of a matrix runs all it stands for."""
    rehearse.write("scenarios/many.yaml", MATRIX)
    answer = rehearse("run", "sell-many", "--json")
    assert answer.code == 0
    results = [line["scenario_id"] for line in events(answer.out) if line["event"] == "result"]
    assert results == ["sell-many-1", "sell-many-2", "sell-many-3"]


def test_json_lines(rehearse: Command) -> None:
    """With --json standard output holds events, results and a summary, one JSON object a line, and nothing else."""
    answer = rehearse("run", "sell-two", "--json")
    lines = events(answer.out)
    names = [line["event"] for line in lines]
    assert names[0] == "run-started"
    assert names[-2:] == ["result", "summary"]
    assert names.count("step-started") == names.count("step-ended") == 2
    assert {"database-ready", "phase-started", "phase-ended"} <= set(names)
    assert {name: value for name, value in lines[-1].items() if name != "seconds"} == {
        "event": "summary",
        "exit_code": 0,
        "scenarios": 1,
        "not_begun": 0,
        "statuses": {"passed": 1},
        "unmet": [],
        "tried_again": [],
        "flaky": [],
    }
    shape = "".join(f"{json.dumps({'event': line['event'], 'keys': sorted(line)})}\n" for line in lines)
    assert_golden("cli/json-lines.txt", shape)
    assert "✓ Two lamps" in answer.err


def test_json_lines_of_problems(rehearse: Command) -> None:
    """Mistakes are JSON lines too, with their places."""
    rehearse.write("scenarios/broken.yaml", BROKEN)
    answer = rehearse("run", "broken", "--json")
    assert answer.code == 2
    assert_golden("cli/json-problems.txt", answer.out)
    assert answer.err.startswith("error[unknown-name]")


def test_a_retry_keeps_every_attempt(rehearse: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a timeout the scenario is tried again, on a fresh database, and every attempt is reported."""
    monkeypatch.setattr("rehearse.run.suite.FIRST_PAUSE", 0.0)
    answer = rehearse("run", "wait", "--timeout", "0.05", "--retry", "2", "--json")
    (result,) = [line for line in events(answer.out) if line["event"] == "result"]
    assert [attempt["status"] for attempt in result["attempts"]] == ["timeout", "timeout"]  # type: ignore[attr-defined, index]
    assert "Attempts\n  1  timeout  wait-0001" in answer.err
    assert "attempt 1 of 2: timeout; again in 0 s" in answer.err
    lines = events(answer.out)
    assert ["timeout"] == [line["status"] for line in lines if line["event"] == "retrying"]
    assert ["wait-0001", "wait-0002"] == [line["run_id"] for line in lines if line["event"] == "run-ended"]
    assert (["wait"], []) == (lines[-1]["tried_again"], lines[-1]["flaky"])


def test_a_failed_database_is_kept_on_request(rehearse: Command) -> None:
    """With --keep-failed the database of a run that did not pass stays, and its address is printed."""
    answer = rehearse("run", "sell-wrong", "--keep-failed")
    assert answer.code == 1
    match = re.search(r"The database was kept: (?:sqlite:///)?(\S+)", answer.out)
    assert match
    assert "The database was kept" not in rehearse("run", "sell-two", "--keep-failed").out


def test_debug_keeps_the_database_and_the_values(rehearse: Command) -> None:
    """With --debug the database stays, and the SQL log holds parameter values and says so."""
    answer = rehearse("run", "sell-two", "--debug")
    assert answer.code == 0
    assert "The database was kept" in answer.out
    page = rehearse("show", "sell-two", "--format", "html").out
    assert "Parameter values were logged" in page


def test_artifacts_lie_where_one_says(rehearse: Command) -> None:
    """With --artifacts runs are kept elsewhere, and shown from there."""
    assert rehearse("run", "sell-two", "--artifacts", "elsewhere").code == 0
    assert (rehearse.root / "elsewhere/runs/sell-two-0001/result.json").is_file()
    assert not (rehearse.root / ".rehearse").exists()
    assert rehearse("show", "sell-two", "--artifacts", "elsewhere").code == 0


def test_concurrent_steps_name_their_orders(rehearse: Command) -> None:
    """A run that tries several orders says how many of how many."""
    rehearse.write("scenarios/two.yaml", CONCURRENT)
    answer = rehearse("run", "two-buyers", "--orders", "50")
    assert answer.code == 0
    assert re.search(r"sqlite \S+, file, .* · \d+ of .*orders", answer.out)


@pytest.mark.postgresql
def test_a_run_on_postgresql(rehearse: Command, postgres_url: str) -> None:
    """With a server's address the same scenario runs on PostgreSQL, comes to the same end, and the report names it."""
    rehearse("run", "sell-two", "--json")
    answer = rehearse("run", "sell-two", "--database", postgres_url)
    assert answer.code == 0
    assert re.search(r"postgresql \d+\.\d+, transaction, SERIALIZABLE", answer.out)
    on_sqlite, on_postgresql = (
        json.loads(rehearse("show", run, "--format", "json").out)["fingerprint"]
        for run in ("sell-two-0001", "sell-two-0002")
    )
    assert on_sqlite == on_postgresql


@pytest.mark.postgresql
def test_an_unreachable_server_is_no_traceback(rehearse: Command) -> None:
    """A server that does not answer is told in one line, and its password is not."""
    answer = rehearse("run", "sell-two", "--database", "postgresql://somebody:geheim@127.0.0.1:1/postgres")
    assert answer.code == 3
    assert answer.err.startswith("error: the PostgreSQL server cannot be used")
    assert "geheim" not in answer.out + answer.err
    assert "Traceback" not in answer.err


def test_every_file_of_the_project_is_sound(rehearse: Command) -> None:
    """The scenarios of these tests have no mistakes themselves."""
    assert rehearse("check").out == f"{len(FILES)} scenarios checked: 0 problems\n"


@pytest.fixture
def shop_file(rehearse: Command) -> Path:
    """A database that existed before us, with an heirloom in it that is not for sale."""
    path = rehearse.root / "test_shop.db"
    engine = create_engine(f"sqlite:///{path}")
    METADATA.create_all(engine)
    row = {"id": "heirloom", "name": "Heirloom", "price": 1, "stock": 5, "perishable": False}
    with engine.begin() as connection:
        connection.execute(METADATA.tables["products"].insert(), row)
    engine.dispose()
    return path


def rows(path: Path) -> list[tuple[object, ...]]:
    """What is in the shop of a file."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(METADATA.tables["products"].select())]
    engine.dispose()
    return found


def test_an_existing_database_is_refused_unasked(rehearse: Command, shop_file: Path) -> None:
    """Without marker and consent an existing database is not touched: exit code 2, every reason, no run."""
    before = shop_file.read_bytes()
    answer = rehearse("run", "sell-two", "--database", f"sqlite:///{shop_file}")
    assert (2, "") == (answer.code, answer.out)
    assert f"error: {shop_file} may not be touched: it has no rehearse_marker" in answer.err
    assert "nobody consented" in answer.err
    assert shop_file.read_bytes() == before
    assert not (rehearse.root / ".rehearse/runs").exists()


def test_an_existing_database_is_put_back(rehearse: Command, shop_file: Path) -> None:
    """Adopted and consented to, an existing database is worked on, named in the report, and afterwards as it was."""
    url, before = f"sqlite:///{shop_file}", rows(shop_file)
    adopted = rehearse("adopt", url)
    assert adopted.out == f"adopted: a run may change it with --consent {shop_file}\n"
    answer = rehearse("run", "sell-two", "--database", url, "--consent", str(shop_file))
    assert answer.code == 0
    assert "attached, BEGIN IMMEDIATE" in answer.out
    assert rows(shop_file) == before


def test_production_is_not_adopted(rehearse: Command) -> None:
    """A database whose name smells of production is refused; exit code 2."""
    path = rehearse.write("prod.db", "")
    answer = rehearse("adopt", f"sqlite:///{path}")
    assert answer.code == 2
    assert "the name 'prod' holds the word 'prod'" in answer.err


def test_what_cannot_be_attached_is_a_mistake(rehearse: Command) -> None:
    """An address of another kind is refused without showing its password."""
    answer = rehearse("run", "sell-two", "--database", "mysql://somebody:geheim@h/x")
    assert answer.code == 2
    assert "geheim" not in answer.err
