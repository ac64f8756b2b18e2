"""A warm interpreter: what every command imports is imported once; each command is then a process of its own, forked from here.

``python warm.py SOCKET`` serves until its standard input ends. ``launch.py`` is what a shell calls: it hands over its arguments, folder,
environment and streams, passes signals on, and ends as the process has ended.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import select
import signal
import site
import socket
import sys
from contextlib import suppress
from pathlib import Path

IMPORTED = (
    "asyncio",
    "jinja2",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "psycopg",
    "pytest",
    "rehearse.api.draft",
    "rehearse.api.settings",
    "rehearse.artifacts.store",
    "rehearse.cli.app",
    "rehearse.cli.catalog",
    "rehearse.cli.rehearsal",
    "rehearse.cli.reporting",
    "rehearse.cli.stored",
    "rehearse.database.open",
    "rehearse.database.postgres",
    "rehearse.database.sqlite",
    "rehearse.report.html",
    "rehearse.report.suite.html",
    "residency.domain",
    "rich.progress",
)


def serve(address: str) -> None:
    """Fork a keeper for every caller, until standard input ends."""
    for name in IMPORTED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, _bury)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(address)
        door.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            heard, _, _ = select.select([door, sys.stdin], [], [])
            if sys.stdin in heard:
                return
            caller, _ = door.accept()
            if os.fork() == 0:
                door.close()
                _keep(caller)
            caller.close()


def _bury(number: int, frame: object) -> None:
    """Take leave of keepers that have ended."""
    del number, frame
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _keep(caller: socket.socket) -> None:
    """Start what the caller asks for, tell its process id, wait for its end, tell its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    said, streams, _, _ = socket.recv_fds(caller, 1 << 20, 3)
    order = json.loads(said)
    child = os.fork()
    if child == 0:
        caller.close()
        _become(order, streams)
    for stream in (*streams, 0, 1, 2):
        os.close(stream)
    with suppress(OSError):
        caller.sendall(f"{child}\n".encode())
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        caller.sendall(f"{code if code >= 0 else 128 - code}\n".encode())
    os._exit(0)


def _become(order: dict[str, object], streams: list[int]) -> None:
    """Be the process: its streams, folder, environment and arguments."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(str(order["folder"]))
    os.environ.clear()
    os.environ.update(order["environment"])  # type: ignore[arg-type]  # a map of texts, from launch.py
    for place in os.environ["PYTHONPATH"].split(os.pathsep):
        site.addsitedir(place)
    sys.argv = [str(word) for word in order["arguments"]]  # type: ignore[attr-defined]  # a list of texts, likewise
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(os.dup(number), mode, encoding="utf-8") for number, mode in enumerate("rww")
    )
    code = 1
    try:
        _perform()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  (the end of a process, as the interpreter itself would end it)
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(code)


def _perform() -> None:
    match sys.argv:
        case ["rehearse", *_]:
            from rehearse.cli import main  # noqa: PLC0415  (already imported)

            main()
        case ["pytest", *_]:
            import pytest  # noqa: PLC0415  (already imported)

            sys.exit(pytest.main(sys.argv[1:]))
        case ["python", "-m", module, *rest]:
            sys.path.insert(0, "")
            sys.argv = [module, *rest]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case ["python", file, *rest]:
            sys.path.insert(0, str(Path(file).parent))
            sys.argv = [file, *rest]
            runpy.run_path(file, run_name="__main__")


if __name__ == "__main__":
    serve(sys.argv[1])
