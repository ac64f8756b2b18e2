"""A project with scenarios of the bazaar, and the command line run in it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from cli.bazaar_site import write_site
from rehearse import registry
from rehearse.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = """\
scenario:
  name: {name}
  id: {id}
  domain: bazaar
  category: selling
  priority: {priority}
  tags: [{tags}]
  description: Somebody buys lamps.
  rationale: It is what a bazaar is for.
  clock: 2024-12-24T09:00
"""
SETUP = """\
  setup:
    products:
      - {id: lamp, name: Lamp, price: 9.50, stock: 3}
"""
SELL = """\
  test_case:
    operations:
      - {operation: place_order, parameters: {product: lamp, quantity: 2}}
      - {operation: place_order, parameters: {product: lamp, quantity: 2}, expect: rejected}
  expected_outcome:
    stock_total: 1
    assertions:
      orders_placed: {expected: 1, critical: true}
"""


def scenario(name: str, scenario_id: str, *, body: str, priority: str = "medium", tags: str = "") -> str:
    """The text of a scenario file."""
    return HEAD.format(name=name, id=scenario_id, priority=priority, tags=tags) + SETUP + body


FILES = {
    "scenarios/selling/lamps.yaml": scenario(
        "Two lamps", "sell-two", body=SELL, priority="critical", tags="lamps, short"
    ),
    "scenarios/selling/wrong.yaml": scenario(
        "Two lamps, counted wrongly", "sell-wrong", body=SELL.replace("stock_total: 1", "stock_total: 2"), tags="lamps"
    ),
    "scenarios/trouble/fire.yaml": scenario(
        "The bazaar burns",
        "fire",
        body="  test_case: {operation: burn}\n  expected_outcome: {stock_total: 3}\n",
    ),
    "scenarios/trouble/wait.yaml": scenario(
        "Nobody comes",
        "wait",
        body="  timeout_seconds: 0.3\n  test_case: {operation: wait}\n  expected_outcome: {stock_total: 3}\n",
    ),
}
BROKEN = scenario(
    "Broken twice",
    "broken",
    body="  test_case: {operation: place_ordr}\n  expected_outcome: {stock_totl: 3}\n",
)


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str


class Command:
    """The command line in a project's folder, in this process."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, *arguments: str) -> Answer:
        """Perform ``rehearse ARGUMENTS``."""
        result = CliRunner().invoke(app, arguments, prog_name="rehearse")
        return Answer(result.exit_code, result.stdout, result.stderr)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Install the bazaar for this session, by the door that every domain takes."""
    folder = write_site(tmp_path_factory.mktemp("site"))
    sys.path.append(str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture
def rehearse(tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line in a project with the bazaar's scenarios; the bazaar is the only domain that is listed."""
    del site
    monkeypatch.setattr(registry, "domain_names", lambda: ("bazaar",))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    command = Command(tmp_path)
    command.write("pyproject.toml", '[tool.rehearse]\nscenario_paths = ["scenarios"]\n')
    for name, text in FILES.items():
        command.write(name, text)
    return command
