"""Runs killed with SIGKILL at a random instant of each phase; afterwards nothing of them may be left, or be taken for valid."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.run.bench import Lab

from benchmarks.inventory import descendants, leftover_databases
from benchmarks.victim import PHASES, Errand, plan_of
from rehearse.artifacts.retention import clean
from rehearse.database.open import open_store
from rehearse.database.scratch import scratch_root
from rehearse.database.server import BundledServer, sweep_servers
from rehearse.run.run import perform

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRIALS = 6
"""How often a kill is tried for each one that has to land inside its phase."""
_PATIENCE = 10.0


@dataclass(frozen=True)
class Death:
    """How a victim ended.

    Attributes:
        pid: It was.
        phase: The phase that had begun last and had not ended; empty between phases and after the last.
        was_killed: Whether it died of SIGKILL.
    """

    pid: int
    phase: str
    was_killed: bool


@dataclass
class Tally:
    """What was seen of one phase's kills."""

    inside: int = 0
    elsewhere: int = 0
    wrecks: int = 0
    swept: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def kills(folder: Path, per_phase: int, database: str, *, seed: int, phases: tuple[str, ...] = ()) -> int:
    """Kill until `per_phase` kills landed inside each phase; return 1 if anything was left or taken for valid."""
    server = BundledServer() if database == "bundled" else None
    url = server.start() if server else None
    draw = random.Random(seed)  # noqa: S311  (instants, no secrets)
    tallies: dict[str, Tally] = {}
    began = time.monotonic()
    try:
        with _Victims() as victims:
            slaughter = Slaughter(folder, url, victims, database == "bundled", draw)
            usual = slaughter.usual_durations()
            for phase in phases or PHASES:
                tallies[phase] = slaughter.of(phase, per_phase, usual)
                _print(phase, tallies[phase], usual[phase])
    finally:
        if server:
            server.stop()
    faults = [fault for tally in tallies.values() for fault in tally.faults]
    few = [phase for phase, tally in tallies.items() if tally.inside < per_phase]
    total = sum(tally.inside + tally.elsewhere for tally in tallies.values())
    print(
        f"{total} kills in {time.monotonic() - began:.0f} s; {len(faults)} faults; too few kills inside: {few or 'none'}"
    )
    return 1 if faults or few else 0


def _print(phase: str, tally: Tally, usual: float) -> None:
    swept = ", ".join(f"{number} {kind}" for kind, number in sorted(tally.swept.items())) or "nothing"
    print(
        f"{phase:15s} ~{usual * 1000:6.1f} ms: {tally.inside:3d} killed inside, {tally.elsewhere:3d} beside; "
        f"{tally.wrecks} wrecks without a mark; swept: {swept}; faults: {len(tally.faults)}",
        flush=True,
    )
    for fault in tally.faults[:5]:
        print(f"    {fault}")


class _Victims:
    """A process that has imported everything and opened nothing; it forks a victim for each errand."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.victim"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=_PATIENCE)

    @property
    def pid(self) -> int:
        """Of the process that forks."""
        return self._process.pid

    def perform(self, errand: Errand) -> tuple[Death, dict[str, float]]:
        """Let a victim perform `errand`; return how it ended and how long each phase took that it finished."""
        assert self._process.stdin is not None
        print(errand.dumps(), file=self._process.stdin, flush=True)
        inside, took, pid = "", dict[str, float](), 0
        for line in self._lines():
            word, _, rest = line.partition(" ")
            match word:
                case "born":
                    pid = int(rest)
                case "begins":
                    inside = rest
                case "ended":
                    phase, seconds = rest.split(" ")
                    took[phase], inside = float(seconds), "" if phase == inside else inside
                case "dead":
                    return Death(pid, inside, was_killed=rest == "-9"), took
        raise RuntimeError("the process that forks has ended")

    def _lines(self) -> Iterator[str]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield line.strip()


@dataclass
class Slaughter:
    """Kills victims and looks at what they leave."""

    folder: Path
    url: str | None
    victims: _Victims
    owns_servers: bool
    draw: random.Random
    number: int = 0

    def usual_durations(self) -> dict[str, float]:
        """Return how long each phase takes when nobody is killed."""
        samples = defaultdict[str, list[float]](list)
        for _ in range(3):
            death, took = self.victims.perform(self._errand("", 0.0, 0.0))
            if death.was_killed or set(took) < set(PHASES):
                raise RuntimeError(f"a run that nobody kills has to end: {death}, {took}")
            for phase, seconds in took.items():
                samples[phase].append(seconds)
        return {phase: sorted(values)[len(values) // 2] for phase, values in samples.items()}

    def of(self, phase: str, wanted: int, usual: dict[str, float]) -> Tally:
        """Kill until `wanted` kills landed inside `phase`."""
        tally = Tally()
        for _ in range(wanted * _TRIALS):
            if tally.inside >= wanted:
                break
            seconds = self.draw.random() * usual[phase]
            errand = self._errand(phase, seconds, usual[phase])
            death, _ = self.victims.perform(errand)
            tally.inside += death.was_killed and death.phase == phase
            tally.elsewhere += not (death.was_killed and death.phase == phase)
            self._look_after(errand, death, tally)
        return tally

    def _errand(self, phase: str, seconds: float, usual: float) -> Errand:
        """Return a new errand: its own schema in the phases that build it; a process of its own, or a server, now and then."""
        self.number += 1
        is_odd = self.number % 2 == 1
        return Errand(
            number=self.number,
            phase=phase,
            seconds=seconds if phase != "act" or is_odd else seconds * 10 + usual,
            folder=str(self.folder),
            url=None if self.owns_servers and is_odd and phase in ("isolate", "act") else self.url,
            bundled=self.owns_servers,
            own_schema=phase in ("isolate", "setup"),
            apart=phase == "act" and not is_odd,
        )

    def _look_after(self, errand: Errand, death: Death, tally: Tally) -> None:
        """Do what the next run does, and check that nothing of the killed one is left or believed."""
        where = f"kill {errand.number} in {death.phase or 'no phase'}"
        folder = Path(errand.folder)
        store = open_store(self.url, root=folder / "databases")
        lab = Lab(store, folder / "evidence")
        try:
            tally.faults += self._processes_left(where, death.pid)
            tally.swept.update(_kind(name) for name in store.sweep())
            result = perform(plan_of(errand), lab.services())
            if result.status != "passed":
                tally.faults.append(f"{where}: the next run ended {result.status}: {result.errors}")
            tally.swept.update(_kind(name) for name in store.sweep())
            wrecks = clean(lab.artifacts).removed
            tally.wrecks += len(wrecks)
            finished = {record.run for record in lab.artifacts.records()}
            if death.was_killed and death.phase in PHASES[:-1] and len(wrecks) != 1:
                tally.faults.append(f"{where}: {len(wrecks)} wrecks, and {len(finished)} finished runs")
            tally.faults += [f"{where}: {run} is marked and broken" for run in finished if not _is_whole(lab, run)]
        finally:
            lab.artifacts.close()
            store.close()
        tally.faults += self._databases_left(where)

    def _processes_left(self, where: str, dead: int) -> list[str]:
        """Wait for children and servers of the dead to follow it; whoever does not is left behind, and so is a server's folder."""
        limit = time.monotonic() + _PATIENCE
        while (left := self._strangers(dead)) and time.monotonic() < limit:
            time.sleep(0.01)
        sweep_servers()
        folders = scratch_root("rehearse-pg").glob(f"{dead}-*")
        return [f"{where}: process {pid} is left: {command}" for pid, command in left.items()] + [
            f"{where}: {path} is left" for path in folders
        ]

    def _strangers(self, dead: int) -> dict[int, str]:
        """Return processes that were born of a victim: a step's of this soak, or a server in the dead one's folder."""
        mine = descendants(self.victims.pid) | {self.victims.pid}
        commands = {int(path.name): _command(path) for path in Path("/proc").iterdir() if path.name.isdecimal()}
        home = f"{scratch_root('rehearse-pg')}/{dead}-"
        return {
            pid: command[:80]
            for pid, command in commands.items()
            if home in command
            or ("multiprocessing.spawn" in command and pid not in mine and str(self.folder) in _environment(pid))
        }

    def _databases_left(self, where: str) -> list[str]:
        if self.url:
            limit = time.monotonic() + _PATIENCE
            while (left := leftover_databases(self.url)) and time.monotonic() < limit:
                time.sleep(0.05)
                again = open_store(self.url)
                again.sweep()
                again.close()
            return [f"{where}: database {name} is left" for name in left]
        drafts = list((self.folder / "databases").rglob("*.draft"))
        return [f"{where}: {path.name} is left" for path in drafts]


def _kind(name: str) -> str:
    """Return the kind of what a sweep removed."""
    if name.startswith("rehearse_"):
        return "template" if name.startswith("rehearse_t_") else "database"
    return "draft" if name.endswith(".draft") else "scratch folder"


def _is_whole(lab: Lab, run: str) -> bool:
    """Whether every file that a run's mark names is there with its length, the result among them."""
    with lab.artifacts.open(run) as stored:
        sizes = {name: (stored.path / name).stat().st_size for name in stored.names}
        return stored.record.files.items() <= sizes.items() and bool(json.loads(stored.read("result.json"))["status"])


def _command(path: Path) -> str:
    try:
        state = (path / "stat").read_text().rpartition(")")[2].split()[0]
        return "" if state == "Z" else (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
