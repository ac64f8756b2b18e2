"""What is made from the code is up to date; `make reference` writes it anew."""

from __future__ import annotations

import pytest

from reference import FOLDER, pages
from reference.python import CHAPTERS
from reference.scenario_file import scenario_file_page
from rehearse.cli.app import COMMANDS
from rehearse.loading import forms


@pytest.mark.parametrize("name", pages())
def test_a_page_is_what_the_code_says(name: str) -> None:
    """The page in docs is the one that would be made now."""
    assert pages()[name]() == (FOLDER / name).read_text(encoding="utf-8"), (
        "say `make reference` and read the difference"
    )


def test_every_command_every_name_and_every_key_is_there() -> None:
    """No command, no public name and no key of a scenario file is left out."""
    line, python, keys = ((FOLDER / name).read_text(encoding="utf-8") for name in pages() if name != "residency.md")
    assert [] == [name for name, _ in COMMANDS if f"## `rehearse {name}`" not in line]
    assert [] == [name for _, names in CHAPTERS for name in names if f"### `{name}`" not in python + keys]
    assert [] == [key for key in forms.ScenarioForm.__dataclass_fields__ if f"| `{key}` |" not in scenario_file_page()]
