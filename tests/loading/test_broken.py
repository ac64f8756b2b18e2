"""Every mistake that the format names has a scenario that makes it, and a message that is known to the letter.

``REHEARSE_UPDATE_GOLDEN=1`` writes the messages anew; read the difference before it is committed.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from rehearse.errors import Code, Problem, ScenarioError
from rehearse.loading.catalog import Catalog
from rehearse.loading.load import check_all

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS = Path(__file__).parent / "broken"
NAMES = sorted(path.stem for path in CORPUS.glob("*.yaml"))
UPDATE = os.environ.get("REHEARSE_UPDATE_GOLDEN") == "1"
DATABASE_EVENTS = frozenset({"sqlite3.connect", "socket.connect", "subprocess.Popen"})

_opened: list[str] = []


def _listen(event: str, arguments: object) -> None:
    del arguments
    if event in DATABASE_EVENTS:
        _opened.append(event)


sys.addaudithook(_listen)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the corpus, so that whatever appears beside the files is seen."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "outside.yaml").write_text("products: [{id: P9}]\n", encoding="utf-8")
    return Path(shutil.copytree(CORPUS, folder / "broken"))


@contextmanager
def nothing_is_made(folder: Path) -> Iterator[None]:
    """Assert that no file or folder appears, and that no database is opened."""
    before = sorted(folder.parent.rglob("*"))
    _opened.clear()
    yield
    assert _opened == []
    assert sorted(folder.parent.rglob("*")) == before


def problems_of(name: str) -> tuple[Problem, ...]:
    """Return everything wrong with one file, or its notes if nothing is."""
    try:
        written = Catalog([]).read(Path(f"{name}.yaml"))
    except ScenarioError as error:
        return error.problems
    _, problems = check_all(written)
    return tuple(problem for problem in problems if not problem.is_note) or problems


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_is_told_to_the_letter(name: str, shop: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole message of each broken scenario is the one on record, and nothing was made before it was told."""
    del shop
    monkeypatch.chdir(corpus)

    with nothing_is_made(corpus):
        told = "\n\n".join(problem.render() for problem in problems_of(name)) + "\n"

    golden = CORPUS / f"{name}.txt"
    if UPDATE:
        golden.write_text(told, encoding="utf-8")
    assert told == golden.read_text(encoding="utf-8")


def test_every_kind_of_mistake_is_in_the_corpus() -> None:
    """No code of the format is without an example, and no message is without its scenario."""
    told = "".join(path.read_text(encoding="utf-8") for path in CORPUS.glob("*.txt"))

    assert [code for code in get_args(Code) if f"error[{code}]" not in told] == []
    assert sorted(path.stem for path in CORPUS.glob("*.txt")) == NAMES
