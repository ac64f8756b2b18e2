"""``rehearse schema``: printed, written, and named in scenario files where editors look for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli.conftest import Command

LINE = "# yaml-language-server: $schema=../../scenario.bazaar.schema.json\n"


def test_it_is_printed(rehearse: Command) -> None:
    """Without options the schema goes to standard output."""
    answer = rehearse("schema", "--domain", "bazaar")
    assert (0, "") == (answer.code, answer.err)
    assert "place_order" in json.loads(answer.out)["definitions"]["step"]["properties"]["operation"]["enum"]


def test_it_is_written(rehearse: Command) -> None:
    """With --output it goes into a file, and the same text would have been printed."""
    answer = rehearse("schema", "--domain", "bazaar", "-o", "words.json")
    assert (0, "Schema: words.json\n") == (answer.code, answer.out)
    assert rehearse("schema", "--domain", "bazaar").out == (rehearse.root / "words.json").read_text(encoding="utf-8")


def test_every_file_of_the_project_names_it(rehearse: Command) -> None:
    """With --modeline the schema stands beside the project file, and each scenario file names it on its first line."""
    before = (rehearse.root / "scenarios/selling/lamps.yaml").read_text(encoding="utf-8")
    answer = rehearse("schema", "--domain", "bazaar", "--modeline")
    assert (0, "") == (answer.code, answer.err)
    assert answer.out.splitlines()[-1] == "scenario.bazaar.schema.json · 4 files changed"
    assert (rehearse.root / "scenario.bazaar.schema.json").exists()
    assert (rehearse.root / "scenarios/selling/lamps.yaml").read_text(encoding="utf-8") == LINE + before
    assert rehearse("check").code == 0


def test_asking_twice_changes_nothing(rehearse: Command) -> None:
    """A file that names the schema already is left as it is."""
    rehearse("schema", "--domain", "bazaar", "--modeline")
    files = sorted((rehearse.root / "scenarios").rglob("*.yaml"))
    before = [(file.read_bytes(), file.stat().st_mtime_ns) for file in files]
    answer = rehearse("schema", "--domain", "bazaar", "--modeline")
    assert (0, "scenario.bazaar.schema.json · 0 files changed\n") == (answer.code, answer.out)
    assert before == [(file.read_bytes(), file.stat().st_mtime_ns) for file in files]


def test_another_schema_is_replaced_where_it_stands(rehearse: Command) -> None:
    """A line that names something else is corrected in place; what stands around it stays, line ends too."""
    file = rehearse.root / "scenarios/selling/lamps.yaml"
    body = file.read_text(encoding="utf-8").replace("\n", "\r\n")
    file.write_bytes(f"# ours\r\n# yaml-language-server: $schema=https://example.invalid/x\r\n{body}".encode())
    rehearse("schema", "--domain", "bazaar", "--modeline", "scenarios/selling/lamps.yaml")
    assert file.read_bytes() == f"# ours\r\n{LINE.strip()}\r\n{body}".encode()


def test_a_file_of_another_domain_is_left_alone(rehearse: Command) -> None:
    """A schema is one domain's: a scenario that names another domain does not get it."""
    file = rehearse.root / "scenarios/selling/lamps.yaml"
    before = file.read_text(encoding="utf-8")
    answer = rehearse("schema", "--modeline", "scenarios/selling/lamps.yaml", "-o", "words.json")
    assert answer.code == 0
    assert "left alone, its domain is `bazaar`; say --domain bazaar" in answer.out
    assert before == file.read_text(encoding="utf-8")


def test_files_without_modeline_are_a_mistake(rehearse: Command) -> None:
    """Nobody's file is changed by a word too many."""
    answer = rehearse("schema", "scenarios/selling/lamps.yaml")
    assert answer.code == 2
    assert "only --modeline changes any" in answer.err


def test_what_is_no_scenario_gets_none(rehearse: Command) -> None:
    """A file that holds no scenario is refused as a mistake, and nothing is written."""
    rehearse.write("notes.yaml", "a: b\n")
    answer = rehearse("schema", "--modeline", "notes.yaml")
    assert answer.code == 2
    assert "this file holds no scenario" in answer.err
    assert not (rehearse.root / "scenario.schema.json").exists()


def test_a_place_that_cannot_be_written_is_told(rehearse: Command) -> None:
    """The system's reason comes with the path."""
    answer = rehearse("schema", "--domain", "bazaar", "-o", "nowhere/words.json")
    assert (2, "error: cannot write nowhere/words.json: No such file or directory\n") == (answer.code, answer.err)
