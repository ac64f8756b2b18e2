"""The bazaar's project, with the server and the command line as programs of their own."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from cli.conftest import FILES, scenario, site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["site"]

TESTS = Path(__file__).parents[1]
LOOK = """\
  timeout_seconds: 300
  test_case:
    operations:
      - {{operation: place_order, parameters: {{product: lamp, quantity: 1}}}}
      - {{operation: browse, parameters: {{until: {until}}}}}
  expected_outcome: {{stock_total: 2}}
"""
CODE = """\
import sys
from rehearse import registry
registry.domain_names = lambda: ("bazaar",)
from rehearse.cli import main
main()
"""


@dataclass(frozen=True)
class Told:
    """One server-sent event."""

    event: str
    id: str
    data: dict[str, object]


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Served:
    """A server that runs, seen from outside."""

    port: int
    token: str
    process: subprocess.Popen[str]

    @property
    def address(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, path: str, *, method: str = "GET", body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request and return the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        answer = Answer(
            response.status, {name.lower(): value for name, value in response.getheaders()}, response.read().decode()
        )
        connection.close()
        return answer

    def post(self, path: str, *, headers: Mapping[str, str] | None = None, **fields: str) -> Answer:
        """Send a form as a page's script does."""
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return self.ask(path, method="POST", body=urlencode(fields), headers={**kind, **(headers or {})})

    @contextmanager
    def listening(self, last: str = "") -> Iterator[Iterator[Told]]:
        """Yield what is told, as it comes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/events", headers={"Last-Event-ID": last} if last else {})
        response = connection.getresponse()
        assert (200, "text/event-stream; charset=utf-8") == (response.status, response.getheader("content-type"))
        try:
            yield told(response)
        finally:
            connection.close()


def told(response: http.client.HTTPResponse) -> Iterator[Told]:
    """Read server-sent events until the stream ends."""
    fields: dict[str, str] = {}
    while line := response.readline().decode():
        name, _, value = line.rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            yield Told(fields["event"], fields.get("id", ""), json.loads(fields["data"]))
            fields = {}


def the(stream: Iterator[Told], fits: Callable[[Told], bool]) -> Told:
    """Return the next event that fits."""
    return next(event for event in stream if fits(event))


def of_run(run: str, **wanted: object) -> Callable[[Told], bool]:
    """Whether an event tells this of a run."""
    return lambda event: (
        event.data.get("run") == run and all(event.data[name] == value for name, value in wanted.items())
    )


@dataclass
class Project:
    """A project's folder, in which programs are started."""

    root: Path
    environment: dict[str, str]
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    python: str = sys.executable
    program: tuple[str, ...] = ("-c", CODE)

    def write(self, name: str, text: str = "") -> Path:
        """Write a file of the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def start(self, *arguments: str, **streams: int) -> subprocess.Popen[str]:
        """Start ``rehearse ARGUMENTS`` and leave it running."""
        process = subprocess.Popen(  # type: ignore[call-overload]
            [self.python, *self.program, *arguments], text=True, cwd=self.root, env=self.environment, **streams
        )
        self.processes.append(process)
        return process  # type: ignore[no-any-return]

    def run(self, *names: str) -> subprocess.Popen[str]:
        """Start ``rehearse run`` and leave it running, unheard."""
        return self.start("run", *names, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def halted(self, scenario: str, operation: str) -> subprocess.Popen[str]:
        """Start a run and halt it in the middle of an operation, after its first sign of life; SIGCONT lets it go on."""
        process = self.run(scenario)
        events = self.root / ".rehearse" / "runs" / f"{scenario}-0001" / "events.jsonl"
        begun = re.compile(rf'"step-progress".*"operation":"{operation}"')
        until = time.monotonic() + 60
        while not (events.exists() and begun.search(events.read_text(encoding="utf-8"))):
            assert process.poll() is None, f"{scenario} ended before {operation}"
            assert time.monotonic() < until, f"{scenario} does not come to {operation}"
            time.sleep(0.01)  # the run is another process, which says so in its file alone
        process.send_signal(signal.SIGSTOP)
        return process

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[Served]:
        """Start ``rehearse serve`` on a free port; it is told to end if it has not by itself."""
        process = self.start("serve", "--port", "0", *arguments, stdout=subprocess.PIPE)
        assert process.stdout
        words = [process.stdout.readline() for _ in range(3)]
        address, _, token = words[1].strip().partition("#token=")
        yield Served(int(address.rstrip("/").rpartition(":")[2]), token, process)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        process.stdout.close()

    def clear_away(self) -> None:
        """End whatever still runs."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(60)


def made(root: Path, site: Path) -> Project:
    """Make the bazaar's project with somebody who looks around until the file `enough` is there."""
    path = os.pathsep.join(str(part) for part in (TESTS.parent / "src", TESTS, site))
    project = Project(root, {**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(root / "cache")})
    project.write("pyproject.toml", '[tool.rehearse]\nscenario_paths = ["scenarios"]\n')
    for name, text in FILES.items():
        project.write(name, text)
    look = scenario("Somebody looks at every shelf", "look", body=LOOK.format(until=root / "enough"))
    project.write("scenarios/look/look.yaml", look)
    return project


@pytest.fixture
def project(tmp_path: Path, site: Path) -> Iterator[Project]:
    """A project of one's own."""
    found = made(tmp_path, site)
    yield found
    found.clear_away()


@pytest.fixture
def served(project: Project) -> Iterator[Served]:
    """A server for that project."""
    with project.serving() as found:
        yield found


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory, site: Path) -> Iterator[Served]:
    """A server that many tests may ask, since none of them gets it to do anything."""
    project = made(tmp_path_factory.mktemp("idle"), site)
    with project.serving() as found:
        yield found
        assert not (project.root / ".rehearse").exists()
    project.clear_away()
