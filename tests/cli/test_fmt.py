"""``rehearse fmt``: files laid out, or what that would change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cli.conftest import Command

NAME = "scenarios/selling/lamps.yaml"


@dataclass(frozen=True)
class Untidy:
    """A file that is not laid out: as it is, and as it will be."""

    path: Path
    before: str
    after: str

    @property
    def now(self) -> str:
        """Its text."""
        return self.path.read_text(encoding="utf-8")


@pytest.fixture
def untidy(rehearse: Command) -> Untidy:
    """A project in which one file is not laid out."""
    rehearse("fmt")
    tidy = (rehearse.root / NAME).read_text(encoding="utf-8")
    before = tidy.replace("  name: Two lamps\n  id: sell-two\n", "  id:   sell-two\n  name: Two lamps  # two\n")
    after = tidy.replace("  name: Two lamps\n", "  name: Two lamps  # two\n")
    return Untidy(rehearse.write(NAME, before), before, after)


def test_files_are_laid_out(rehearse: Command, untidy: Untidy) -> None:
    """A file that is not laid out is written anew and named; the others are not touched."""
    answer = rehearse("fmt")
    assert (0, "") == (answer.code, answer.err)
    assert f"{NAME}\n1 file changed, 3 laid out already\n" == answer.out
    assert untidy.after == untidy.now
    assert "0 files changed, 4 laid out already\n" == rehearse("fmt").out


def test_check_changes_nothing(rehearse: Command, untidy: Untidy) -> None:
    """With --check a file that is not laid out gives exit code 1, and stays as it is."""
    answer = rehearse("fmt", "--check")
    assert (1, f"{NAME}\n1 file would change, 3 laid out already\n") == (answer.code, answer.out)
    assert untidy.before == untidy.now
    rehearse("fmt", NAME)
    assert rehearse("fmt", "--check").code == 0


def test_diff_shows_what_would_change(rehearse: Command, untidy: Untidy) -> None:
    """With --diff the lines are shown and nothing is written; the exit code is 1 only with --check as well."""
    answer = rehearse("fmt", "--diff", "scenarios/selling")
    assert answer.code == 0
    assert {"-  id:   sell-two", "+  id: sell-two"} <= set(answer.out.splitlines())
    assert untidy.before == untidy.now
    assert rehearse("fmt", "--diff", "--check").code == 1


def test_a_file_that_cannot_be_laid_out_stays(rehearse: Command, untidy: Untidy) -> None:
    """It is told with its place and the exit code of a mistake; the others are laid out all the same."""
    odd = rehearse.write("scenarios/odd.yaml", "scenario:\n  ? id\n  : odd\n  name: Odd\n")
    answer = rehearse("fmt")
    assert answer.code == 2
    assert "`scenarios/odd.yaml` is left as it is: a key is marked with `?`" in answer.err
    assert "1 file changed, 3 laid out already" in answer.out
    assert "scenario:\n  ? id\n  : odd\n  name: Odd\n" == odd.read_text(encoding="utf-8")
    assert untidy.after == untidy.now


def test_a_writer_that_fails_leaves_the_file(
    rehearse: Command, untidy: Untidy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the disk is full in the middle, the file is as it was and nothing lies beside it."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rehearse.writing.files.os.fsync", full)
    before = sorted(path.name for path in untidy.path.parent.iterdir())
    answer = rehearse("fmt", NAME)
    assert (2, f"error: cannot write {NAME}: No space left on device\n") == (answer.code, answer.err)
    assert untidy.before == untidy.now
    assert before == sorted(path.name for path in untidy.path.parent.iterdir())


def test_permissions_and_links_stay(rehearse: Command, untidy: Untidy) -> None:
    """A file keeps its permissions, and a link to it stays a link."""
    untidy.path.chmod(0o640)
    link = rehearse.root / "scenarios/link.yaml"
    link.symlink_to(untidy.path)
    assert rehearse("fmt", "scenarios/link.yaml").code == 0
    assert link.is_symlink()
    assert untidy.after == untidy.now
    assert untidy.path.stat().st_mode & 0o777 == 0o640


def test_nothing_to_lay_out_is_a_mistake(rehearse: Command) -> None:
    """A folder without scenarios is told, so that a misspelt one is not taken for a tidy one."""
    (rehearse.root / "empty").mkdir()
    answer = rehearse("fmt", "empty")
    assert answer.code == 2
    assert "there is no scenario file" in answer.err
