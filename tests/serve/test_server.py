"""The server as a program: who is answered and who is not, what is told as it happens, how runs are started, how it ends."""

from __future__ import annotations

import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from serve.conftest import of_run, the

if TYPE_CHECKING:
    from serve.conftest import Project, Served


def test_a_run_of_another_process_is_told_as_it_happens(project: Project, served: Served) -> None:
    """A run that the command line makes appears, tells its step, its deadline and growing queries, and how it came out."""
    with served.listening() as stream:
        assert "anew" == next(stream).event
        process = project.run("look")
        early = the(stream, of_run("look-0001", doing="browse"))
        later = the(stream, lambda event: of_run("look-0001")(event) and event.data["queries"] > early.data["queries"])
        assert ("running", 2, 1, 300.0) == tuple(later.data[key] for key in ("state", "steps", "ended", "limit"))
        assert later.data["acting"] > 0
        project.write("enough")
        over = the(stream, of_run("look-0001", state="passed"))
        assert over.data["ended"] == 2
    assert process.wait(60) == 0
    suite = served.ask("/suite")
    assert 'href="/runs/look-0001"' in suite.text
    report = served.ask("/runs/look-0001")
    assert 200 == report.status
    assert "Somebody looks at every shelf" in report.text


def test_a_run_of_pytest_is_told_too(project: Project, served: Served) -> None:
    """What a test session performs appears like any other run."""
    with served.listening() as stream:
        command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "scenarios/look/look.yaml"]
        process = subprocess.Popen(
            [project.python, *command], cwd=project.root, env=project.environment, stdout=subprocess.DEVNULL
        )
        project.processes.append(process)
        the(stream, of_run("look-0001", doing="browse"))
        project.write("enough")
        the(stream, of_run("look-0001", state="passed"))
    assert process.wait(60) == 0


def test_a_run_that_dies_is_told_and_the_server_goes_on(project: Project, served: Served) -> None:
    """A run whose process was killed is broken off; the next one is followed as if nothing had happened."""
    with served.listening() as stream:
        process = project.run("look")
        the(stream, of_run("look-0001", doing="browse"))
        process.kill()
        the(stream, of_run("look-0001", state="broken off"))
        project.run("sell-two")
        the(stream, of_run("sell-two-0001", state="passed"))
    answer = served.ask("/runs/look-0001")
    assert 404 == answer.status
    assert "was never finished" in answer.text


def test_who_comes_back_hears_what_changed_since(project: Project, served: Served) -> None:
    """With the number of the last event a connection tells only later ones; with a stranger's it begins anew."""
    with served.listening() as stream:
        project.run("sell-two")
        last = the(stream, of_run("sell-two-0001", state="passed")).id
    project.run("sell-wrong").wait(60)
    with served.listening(last) as stream:
        assert ("run", "sell-wrong-0001") == ((first := next(stream)).event, first.data["run"])
    with served.listening("deadbeef-7") as stream:
        assert "anew" == next(stream).event
        assert "sell-two-0001" == next(stream).data["run"]


def test_a_run_is_started_with_the_token(project: Project, served: Served) -> None:
    """Whoever has the token starts a run, which appears like any other, and hears how the command ended."""
    with served.listening() as stream:
        assert 201 == served.post("/starts", name="selling", database="sqlite", token=served.token).status
        the(stream, of_run("sell-wrong-0001", state="failed"))
        over = the(stream, lambda event: event.event == "start" and event.data["state"] == "over")
        assert ("selling", 1) == (over.data["name"], over.data["code"])
        assert "sell-wrong failed" in str(over.data["words"])
    assert (project.root / ".rehearse/runs/sell-two-0001/complete.json").is_file()


def test_a_run_is_stopped_with_the_token(served: Served) -> None:
    """A run that was started from the page is asked to end, cleans up and is reported; somebody without the token cannot ask."""
    with served.listening() as stream:
        served.post("/starts", name="look", token=served.token)
        the(stream, of_run("look-0001", doing="browse"))
        assert 403 == served.post("/starts/1/stop", token=served.token[:-1]).status
        assert 404 == served.post("/starts/2/stop", token=served.token).status
        assert 202 == served.post("/starts/1/stop", token=served.token).status
        the(stream, of_run("look-0001", state="error"))
        the(stream, lambda event: event.event == "start" and event.data["state"] == "over")


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"name": "sell-two"}, 403, "the token is missing or wrong"),
        ({"name": "sell-two", "token": "guessed"}, 403, "the token is missing or wrong"),
        ({"name": "nothing"}, 400, "there is no scenario or suite `nothing`"),
        ({"name": "--all"}, 400, "there is no scenario or suite `--all`"),
        ({"name": "scenarios/selling/lamps.yaml"}, 400, "there is no scenario or suite"),
        (
            {"name": "sell-two", "database": "postgresql://elsewhere/x"},
            400,
            "runs start on sqlite or bundled from here",
        ),
    ],
)
def test_what_is_not_started(idle: Served, fields: dict[str, str], status: int, reason: str) -> None:
    """Without the token, or with a name that is no scenario's, nothing is started."""
    given = {"token": idle.token, **fields} if status == 400 else fields
    answer = idle.post("/starts", **given)
    assert status == answer.status
    assert reason in answer.text


def test_so_many_and_no_more(served: Served) -> None:
    """As soon as four commands go on, a fifth is refused."""
    statuses = [served.post("/starts", name="look", token=served.token).status for _ in range(5)]
    assert [201, 201, 201, 201, 409] == statuses


def test_a_form_without_a_script_is_answered_with_pages(served: Served) -> None:
    """A browser without scripts is led back to the page after a start, and reads why something was refused."""
    plain = {"Accept": "text/html"}
    answer = served.post("/starts", headers=plain, name="sell-two", token=served.token)
    assert (303, "/") == (answer.status, answer.headers["location"])
    refused = served.post("/starts", headers=plain, name="<script>", token=served.token)
    assert 400 == refused.status
    assert "there is no scenario or suite `&lt;script&gt;`" in refused.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "rehearse.example"}, 421),
        ({"Host": "127.0.0.1"}, 421),
        ({"Host": "evil.example:80"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200),
    ],
)
def test_other_sites_are_refused(idle: Served, headers: dict[str, str], status: int) -> None:
    """A request under another name or from another site's page gets nothing; following a link from there is allowed."""
    assert status == idle.ask("/", headers=headers).status


def test_another_site_cannot_start_anything(served: Served) -> None:
    """Not even with the token."""
    fields = {"name": "sell-two", "token": served.token}
    assert 403 == served.post("/starts", headers={"Origin": "http://evil.example"}, **fields).status
    assert (
        403
        == served.post(
            "/starts", headers={"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}, **fields
        ).status
    )
    assert 201 == served.post("/starts", headers={"Origin": served.address}, **fields).status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/starts", 405),
        ("GET", "/starts?name=sell-two&token=TOKEN", 405),
        ("POST", "/", 405),
        ("DELETE", "/runs/look-0001", 405),
        ("OPTIONS", "/starts", 405),
        ("GET", "/nothing", 404),
        ("GET", "/runs/..%2f..%2fpyproject.toml", 404),
        ("GET", "/runs/%2e%2e", 404),
        ("GET", "/runs/index.jsonl", 404),
        ("GET", "/runs/never-0001", 404),
        ("GET", "/favicon.ico", 204),
        ("GET", "/history", 200),
        ("GET", "/suite", 200),
    ],
)
def test_addresses(idle: Served, method: str, path: str, status: int) -> None:
    """Nothing is written by a GET, nothing outside the runs is read, and no answer may be kept, framed or read by another site."""
    answer = idle.ask(path.replace("TOKEN", idle.token), method=method)
    assert status == answer.status
    assert "no-store" == answer.headers["cache-control"]
    assert "nosniff" == answer.headers["x-content-type-options"]
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_large_body_is_refused(idle: Served) -> None:
    """Nobody fills the memory."""
    assert 413 == idle.post("/starts", name="x" * 100_000, token=idle.token).status


def test_the_token_is_in_no_page(idle: Served) -> None:
    """Whoever may read the pages does not learn it."""
    assert all(idle.token not in idle.ask(path).text for path in ("/", "/history"))


def test_the_end_ends_streams_and_started_runs(project: Project) -> None:
    """Ctrl-C ends the server although somebody listens, and asks what was started from the page to end; the exit code is 0."""
    with project.serving() as served:
        with served.listening() as stream:
            served.post("/starts", name="look", token=served.token)
            the(stream, of_run("look-0001", doing="browse"))
            served.process.send_signal(signal.SIGINT)
            assert [] == [event for event in stream if event.event == "anew"]
        assert 0 == served.process.wait(60)
    assert (project.root / ".rehearse/runs/look-0001/complete.json").is_file()


def test_a_taken_port_is_a_mistake(project: Project, served: Served) -> None:
    """A port that somebody else has is told in one line, with what to do; the exit code is 2."""
    process = project.start("serve", "--port", str(served.port), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=60)
    assert (2, "") == (process.returncode, out)
    assert err.startswith(
        f"error: port {served.port} of 127.0.0.1 cannot be had (Address already in use); name another"
    )


def test_nobody_else_can_ask(idle: Served) -> None:
    """Only this machine's own address is listened on."""
    with socket.socket() as elsewhere:
        elsewhere.bind(("127.0.0.2", idle.port))
        elsewhere.listen()


def test_runs_kept_elsewhere(project: Project) -> None:
    """With --artifacts the runs of that place are shown, and runs that are started are kept there."""
    with project.serving("--artifacts", "elsewhere") as served, served.listening() as stream:
        served.post("/starts", name="sell-two", token=served.token)
        the(stream, of_run("sell-two-0001", state="passed"))
    assert (project.root / "elsewhere/runs/sell-two-0001/complete.json").is_file()
