"""A warm interpreter for all pages, and a reader for each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from docs.performing import REPOSITORY, Reader, environment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of an interpreter that has imported what every command imports."""
    address = tmp_path_factory.mktemp("warm") / "socket"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(HERE / "warm.py"), str(address)]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert "ready\n" == server.stdout.readline()
        yield address
        server.communicate(timeout=30)


@pytest.fixture(scope="session")
def tools(warm: Path) -> Path:
    """A folder with the programs that a page calls, to stand first in its path."""
    folder = warm.parent / "tools"
    folder.mkdir()
    launch = f'exec "{sys.executable}" -IS "{HERE / "launch.py"}"'
    programs = {
        "rehearse": f'{launch} rehearse "$@"',
        "python": f'case "$1$2" in -mresidency|*notebook.py) {launch} python "$@";; *) exec "{sys.executable}" "$@";; esac',
        "pytest": f'{launch} pytest "$@"',
        "pip": f'exec "{sys.executable}" "{HERE / "offline_pip.py"}" "$@"',
    }
    for name, line in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def reader(
    tmp_path: Path, tools: Path, warm: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Reader]]:
    """Open a page by its text: somebody with an empty folder begins to read."""
    opened: list[Reader] = []

    def open_page(text: str) -> Reader:
        folder = tmp_path / "project"
        folder.mkdir()
        environment = environment_of(folder, tools, warm)
        if "$SERVER" in text:
            environment["SERVER"] = request.getfixturevalue("postgres_url")
        opened.append(Reader(folder, text, environment))
        return opened[-1]

    yield open_page
    for page in opened:
        page.close()
