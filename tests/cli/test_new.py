"""``rehearse new``: a scenario begun from a template, without questions and with them."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rehearse.writing.templates import text_scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cli.conftest import Command

SOURCE = Path(__file__).parents[2] / "src"
BAZAAR = ("--domain", "bazaar")


def test_templates_are_listed(rehearse: Command) -> None:
    """Each template has its name, what it is about, and what it asks with the answer that it proposes."""
    answer = rehearse("new", "--list", *BAZAAR)
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "sale",
        "  Somebody buys a lamp",
        "  day        On which day? (2024-12-24)",
        "  label      What is sold? (Lamp)",
        "  pieces     How many pieces? (2)",
    ]


def test_without_a_terminal_nothing_is_asked(rehearse: Command) -> None:
    """The template's own answers are taken, the id is counted, and the file runs as it is written."""
    answer = rehearse("new", *BAZAAR)
    assert (0, "") == (answer.code, answer.err)
    assert answer.out.splitlines()[0] == "scenarios/sale-001.yaml: begun from the template `sale`"
    assert (rehearse.root / "scenario.bazaar.schema.json").exists()
    assert rehearse("check", "sale-001").code == 0
    assert rehearse("run", "sale-001").code == 0


def test_what_is_said_stands_in_the_file(rehearse: Command) -> None:
    """Id, name and answers take their places; comments, and what was not asked, stay where they were."""
    said = ("--set", "label=rug: red", "--set", "pieces=3", "--name", "A rug #1")
    assert rehearse("new", "rugs", "-t", "sale", *said, *BAZAAR).code == 0
    lines = (rehearse.root / "scenarios/rugs.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[:4] == [
        "# yaml-language-server: $schema=../scenario.bazaar.schema.json",
        "scenario:",
        '  name: "A rug #1"',
        "  id: rugs",
    ]
    assert lines[8:13] == [
        "  variables:",
        "    day: 2024-12-24        # On which day?",
        '    label: "rug: red"      # What is sold?',
        "    pieces: 3              # How many pieces?",
        "    stock: 5",
    ]


def test_ids_are_counted(rehearse: Command) -> None:
    """Without an id the next free number is taken."""
    rehearse("new", *BAZAAR)
    assert rehearse("new", *BAZAAR).out.startswith("scenarios/sale-002.yaml: begun")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["Sell_Two"], "error: `Sell_Two` is no id; write `sell-two`"),
        (["sell-two"], "error: the id `sell-two` is taken, by scenarios/selling/lamps.yaml"),
        (["a" * 101], "error: an id has 100 characters at most"),
        (["x", "--template", "sael"], "error: no template `sael`; did you mean `sale`?"),
        (["x", "--set", "pieces"], "error: --set pieces: write VARIABLE=VALUE"),
        (["x", "--set", "pieces=many"], "error: --set pieces=many: `many` is not a whole number"),
        (
            ["x", "--set", "day=2024-13-01"],
            "error: --set day=2024-13-01: `2024-13-01` is no day of the calendar; write",
        ),
        (["x", "--set", "label="], "error: --set label=: an answer is needed"),
        (["x", "--set", "peices=2"], "the template `sale` does not ask for `peices`; did you mean `pieces`?"),
        (["x", "--set", "stock=2"], "the template `sale` does not ask for `stock`"),
        (["x", "--name", "n" * 201], "error: the name of a scenario has 1 to 200 characters"),
        (["x", "-o", "scenarios/selling/lamps.yaml"], "lamps.yaml is there already and stays as it is"),
        (["x", "--set", "label=${nothing}"], "nothing was written"),
    ],
)
def test_mistakes_write_nothing(rehearse: Command, arguments: list[str], told: str) -> None:
    """What cannot be is told with a remedy, and no file is made or changed."""
    before = {path: path.read_bytes() for path in rehearse.root.rglob("*") if path.is_file()}
    answer = rehearse("new", *arguments, *BAZAAR)
    assert answer.code == 2
    assert told in answer.err
    assert before == {path: path.read_bytes() for path in rehearse.root.rglob("*") if path.is_file()}


def test_a_file_outside_is_named_by_its_path(rehearse: Command) -> None:
    """A scenario that no scenario path reaches is run by its path, which the hint says."""
    answer = rehearse("new", "x", "-o", "drafts/x.yaml", *BAZAAR)
    assert "rehearse run drafts/x.yaml" in answer.out
    assert "# yaml-language-server: $schema=../scenario.bazaar.schema.json\n" in (
        rehearse.root / "drafts/x.yaml"
    ).read_text(encoding="utf-8")


def test_a_domain_without_templates_says_so(rehearse: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to begin with, and the message says what else to do."""
    monkeypatch.setattr("rehearse.cli.beginning.templates_of", lambda _: {})
    answer = rehearse("new", *BAZAAR)
    assert answer.code == 2
    assert "brings no templates" in answer.err


@pytest.mark.parametrize(
    "text",
    ["plain", "a: b", "a #b", "true", "null", "2024-12-24", "07", "-", 'say "so"', "ends ", "[x]", "Ä", "x,", "no"],
)
def test_a_text_is_written_so_that_it_is_read_again(text: str) -> None:
    """Whatever an author answers to a text's question is that text in the file."""
    from rehearse.errors import Complaints  # noqa: PLC0415
    from rehearse.loading.tree import plain_value  # noqa: PLC0415
    from rehearse.loading.yaml_tree import read_tree  # noqa: PLC0415
    from rehearse.source import Source  # noqa: PLC0415

    complaints = Complaints()
    tree = read_tree(Source("x", f"- {text_scalar(text)} # why\n- {{a: {text_scalar(text)}}}\n"), complaints)
    assert tree is not None
    assert not complaints.problems
    assert (text, {"a": text}) == plain_value(tree)


# ── in a terminal ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Terminal:
    """A program that runs in a terminal of its own, and somebody who types."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        take_terminal = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"  # so that Ctrl-C reaches it
        hear = "import signal; signal.signal(2, signal.default_int_handler)"  # tests in the background are deaf to it
        code = f"{take_terminal}; {hear}; from rehearse.cli import main; main()"
        self.program = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(SOURCE), "TERM": "dumb"},
        )
        os.close(theirs)
        self.seen = ""

    def type(self, prompt: str, text: str) -> None:
        """Wait until the screen shows `prompt`, and type."""
        while prompt not in self.seen:
            self.seen += os.read(self._ours, 4096).decode()
        self.seen = self.seen.partition(prompt)[2]
        os.write(self._ours, text.encode())

    def leave(self, key: str) -> tuple[int, str]:
        """Press a key; once more if the program heard nothing, as a key that comes while the terminal changes its mode is lost."""
        for _ in range(20):
            if self.program.poll() is None:
                os.write(self._ours, key.encode())
                with suppress(subprocess.TimeoutExpired):
                    self.program.wait(3)
        assert self.program.poll() is not None, f"it goes on after {key!r}"
        return self.end()

    def end(self) -> tuple[int, str]:
        """Wait for the program's end and return its exit code with what it said last."""
        while True:
            try:
                piece = os.read(self._ours, 4096)
            except OSError:  # how a terminal says that nobody writes to it any more
                piece = b""
            if not piece:
                break
            self.seen += piece.decode()
        os.close(self._ours)
        return self.program.wait(60), self.seen.replace("\r\n", "\n")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Run ``rehearse new`` of the residency in a terminal of its own, in an empty folder."""
    opened: list[Terminal] = []

    def run(*arguments: str) -> Terminal:
        opened.append(Terminal(["new", *arguments], tmp_path))
        return opened[-1]

    yield run
    for each in opened:
        each.program.kill()
        each.program.wait(60)


def test_a_terminal_is_asked_question_by_question(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    """Each question proposes an answer; return takes it, and an answer that does not fit is told and asked again."""
    screen = terminal()
    screen.type("Which template? [absence]: ", "swop\n")
    screen.type("no template `swop`; did you mean `swap`?", "")
    screen.type("Which template? [absence]: ", "swap\n")
    screen.type("Which id shall it have? [swap-001]: ", "My Swap\n")
    screen.type("`My Swap` is no id; write `my-swap`", "")
    screen.type("Which id shall it have? [swap-001]: ", "my-swap\n")
    screen.type("In one line, what happens? [Two residents trade", "\n")
    screen.type("Which day do they trade? [2024-12-16]: ", "soon\n")
    screen.type("`soon` is not a date, as 2024-12-25", "")
    screen.type("Which day do they trade? [2024-12-16]: ", "2025-03-10\n")
    screen.type("Who asks for the swap? [R1]: ", "\n")
    screen.type("Who agrees to it? [R2]: ", "R7\n")
    code, said = screen.end()
    assert code == 0
    assert "scenarios/my-swap.yaml: begun from the template `swap`" in said
    text = (tmp_path / "scenarios/my-swap.yaml").read_text(encoding="utf-8")
    assert ["day: 2025-03-10", "requestor: R1", "partner: R7"] == [
        line.partition("#")[0].strip() for line in text.splitlines() if "?" in line
    ]


def test_what_was_said_is_not_asked(terminal: Callable[..., Terminal]) -> None:
    """Only what is open is asked; with --yes, nothing."""
    screen = terminal("my-swap", "-t", "swap", "--name", "A swap", "--set", "day=2025-03-10")
    screen.type("Who asks for the swap? [R1]: ", "\n")
    screen.type("Who agrees to it? [R2]: ", "\n")
    assert screen.end()[0] == 0
    code, said = terminal("--yes").end()
    assert code == 0
    assert "?" not in said


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_leaving_writes_nothing(terminal: Callable[..., Terminal], tmp_path: Path, key: str) -> None:
    """Whoever leaves in the middle of the questions leaves no file behind, and is shown no traceback."""
    screen = terminal()
    screen.type("Which template? [absence]: ", "\n")
    screen.type("Which id shall it have? [absence-001]: ", "")
    code, said = screen.leave(key)
    assert code == 130
    assert "Traceback" not in said
    assert [] == list(tmp_path.iterdir())
