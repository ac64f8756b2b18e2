"""``list``, ``check`` and ``domain``: what there is, what is wrong with it, what its words mean."""

from __future__ import annotations

import json

import pytest

from cli.conftest import BROKEN, Command
from report.golden import assert_golden


def test_list(rehearse: Command) -> None:
    """The list has a heading for each suite and a line for each scenario."""
    answer = rehearse("list")
    assert (0, "") == (answer.code, answer.err)
    assert_golden("cli/list.txt", answer.out)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--suite", "trouble"], ["fire", "wait"]),
        (["--tag", "lamps"], ["sell-two", "sell-wrong"]),
        (["--tag", "lamps", "--tag", "short"], ["sell-two"]),
        (["--priority", "critical"], ["sell-two"]),
        (["--category", "selling", "--suite", "selling"], ["sell-two", "sell-wrong"]),
        (["--category", "sales", "--tag", "short"], ["sell-two"]),
        (["--category", "stock"], []),
    ],
)
def test_list_selects(rehearse: Command, options: list[str], expected: list[str]) -> None:
    """Each option leaves out what does not fit; a category may be named by its other name."""
    answer = rehearse("list", "--json", *options)
    assert answer.code == 0
    assert [json.loads(line)["id"] for line in answer.out.splitlines()] == expected


def test_list_as_json(rehearse: Command) -> None:
    """A JSON line has everything that the list knows of a scenario."""
    line = json.loads(rehearse("list", "--json").out.splitlines()[0])
    assert line == {
        "id": "sell-two",
        "name": "Two lamps",
        "suite": "selling",
        "category": "selling",
        "priority": "critical",
        "tags": ["lamps", "short"],
        "file": "scenarios/selling/lamps.yaml",
    }


def test_an_unknown_suite_suggests_the_nearest(rehearse: Command) -> None:
    """A misspelt suite is a mistake with a suggestion."""
    answer = rehearse("list", "--suite", "troubel")
    assert answer.code == 2
    assert_golden("cli/unknown-suite.txt", answer.err)


def test_an_unknown_priority_is_a_mistake(rehearse: Command) -> None:
    """Only the four priorities select."""
    answer = rehearse("list", "--priority", "hihg")
    assert (2, "error: no priority `hihg`; did you mean `high`?\n") == (answer.code, answer.err)


def test_check_passes(rehearse: Command) -> None:
    """Scenarios without mistakes give exit code 0 and a count."""
    answer = rehearse("check")
    assert (0, "4 scenarios checked: 0 problems\n") == (answer.code, answer.out)


def test_check_shows_every_mistake(rehearse: Command) -> None:
    """All mistakes of a file are shown at once, each with place, caret and remedy; the exit code is 2."""
    rehearse.write("scenarios/broken.yaml", BROKEN)
    answer = rehearse("check")
    assert answer.code == 2
    assert_golden("cli/check-broken.txt", answer.out)


def test_check_shows_notes(rehearse: Command) -> None:
    """A note is shown and stops nothing."""
    text = (
        (rehearse.root / "scenarios/selling/lamps.yaml")
        .read_text()
        .replace("  rationale: It is what a bazaar is for.\n", "")
    )
    rehearse.write("scenarios/selling/lamps.yaml", text)
    answer = rehearse("check", "sell-two")
    assert answer.code == 0
    assert answer.out.startswith("note[")
    assert answer.out.endswith("1 scenario checked: 0 problems, 1 note\n")


@pytest.mark.parametrize("name", ["scenarios/selling", "selling", "scenarios/selling/lamps.yaml", "sell-two"])
def test_check_takes_folders_files_suites_and_ids(rehearse: Command, name: str) -> None:
    """What to check is named in any of four ways."""
    assert rehearse("check", name).code == 0


def test_check_of_what_is_not_there(rehearse: Command) -> None:
    """An unknown name is a mistake like any other; all unknown names are told at once."""
    (rehearse.root / "empty").mkdir()
    answer = rehearse("check", "sell-too", "empty", "nowhere.yaml")
    assert answer.code == 2
    assert_golden("cli/check-unknown.txt", answer.out)


def test_check_makes_nothing(rehearse: Command) -> None:
    """No database, no run directory, no file at all is created by a check."""
    rehearse.write("scenarios/broken.yaml", BROKEN)
    before = sorted(rehearse.root.rglob("*"))
    rehearse("check")
    assert sorted(rehearse.root.rglob("*")) == before


def test_domains_are_listed(rehearse: Command) -> None:
    """Without a name the installed domains are listed, each with its first sentence."""
    assert rehearse("domain").out == "bazaar  A bazaar, which is a shop with more trouble.\n"


def test_the_reference_of_a_domain(rehearse: Command) -> None:
    """Operations, parameters, data, measures, checks, sections and tables come from the declarations."""
    answer = rehearse("domain", "bazaar")
    assert answer.code == 0
    assert_golden("cli/domain.txt", answer.out)


def test_the_reference_as_a_page(rehearse: Command) -> None:
    """The same as Markdown, for a folder of documents."""
    answer = rehearse("domain", "bazaar", "--format", "markdown")
    assert (0, "") == (answer.code, answer.err)
    assert_golden("cli/domain.md", answer.out)


def test_an_unknown_domain_suggests_the_nearest(rehearse: Command) -> None:
    """A misspelt domain is a mistake with a suggestion."""
    answer = rehearse("domain", "bazar")
    assert answer.code == 2
    assert answer.err == "error[unknown-name]: no domain `bazar` is installed\n  = did you mean `bazaar`?\n"


def test_a_project_file_with_mistakes(rehearse: Command) -> None:
    """Mistakes of the project file are shown as those of a scenario are."""
    rehearse.write(
        "pyproject.toml", '[tool.rehearse]\nscenario_path = ["scenarios"]\nvalidators = "mine"\nartifacts = 1\n'
    )
    answer = rehearse("list")
    assert answer.code == 2
    assert_golden("cli/project-mistakes.txt", answer.err)
