"""The reader of pages: what it takes for a block, and that what a page says wrongly is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from docs.blocks import Block, Command, blocks_of, commands_of
from docs.fitting import fits
from docs.replacing import replaced

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from docs.performing import Reader


def written(folder: Path, text: str) -> Path:
    """Write a page."""
    path = folder / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_blocks_are_found_wherever_they_stand(tmp_path: Path) -> None:
    """In a list, with a title, inside a longer fence: a block has its language, its title, its text without indentation, its line."""
    page = written(
        tmp_path,
        '# T\n```bash\na\n```\n- x\n\n    ```yaml title="s/a.yaml"\n    k: 1\n    ```\n````text\n```\nin\n```\n````\n',
    )
    assert blocks_of(page) == (
        Block("bash", "", "a\n", 2),
        Block("yaml", "s/a.yaml", "k: 1\n", 7),
        Block("text", "", "```\nin\n```\n", 10),
    )
    assert ["", "s/a.yaml", ""] == [block.file for block in blocks_of(page)]


@pytest.mark.parametrize(("text", "complaint"), [("```bash\nx\n", "not closed"), ("```\nx\n```\n", "no language")])
def test_a_block_that_nobody_can_perform_is_an_error(tmp_path: Path, text: str, complaint: str) -> None:
    """A block without an end or without a language is refused."""
    with pytest.raises(ValueError, match=complaint):
        blocks_of(written(tmp_path, text))


def test_commands_have_what_they_print() -> None:
    """A command ends where its output begins; one of several lines goes on after `>`."""
    assert commands_of("$ a\n1\n2\n$ b \\\n> c\n") == (Command("a", "1\n2"), Command("b \\\nc", ""))
    with pytest.raises(ValueError, match="begins with a command"):
        commands_of("1\n$ a\n")


@pytest.mark.parametrize(
    ("told", "printed", "answer"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\nb", "a\nc\n", False),
        ("a", "a\nb\n", False),
        ("a\n…\nd", "a\nb\nc\nd\n", True),
        ("a\n…", "a\n", True),
        ("…b", "a and b\n", True),
        ("took 64 ms, 3 queries", "took 1.5 s, 3 queries\n", True),
        ("took 64 ms, 3 queries", "took 64 ms, 4 queries\n", False),
        ("", "a\n", False),
    ],
)
def test_what_is_printed_is_compared(told: str, printed: str, answer: bool) -> None:  # noqa: FBT001  (a table of answers)
    """All lines count, but for times and for what … stands for."""
    assert answer is fits(told, printed)


def test_a_difference_is_done_where_it_fits_once() -> None:
    """Lines go and come where the lines around them stand; where they stand nowhere, or twice, it is an error."""
    assert "a\nx\ny\nc\nd\ne\n" == replaced("a\nb\nc\nd\n", " a\n-b\n+x\n+y\n\n d\n+e\n")
    for text in ("a\nb\na\n", "b\n"):
        with pytest.raises(ValueError, match=f"stands {text.count('a')} times"):
            replaced(text, "-a\n+c\n")


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ("```console\n$ echo yes\nno\n```\n", "printed:\nyes"),
        ("```console\n$ false\n```\n", "ended with 1"),
        ("```bash\nexit 3\n```\n", "has ended before"),
        ('```python\nprint(1)\n```\n```text title="output"\n2\n```\n', "printed was:\n1"),
        ("```python\nassert False\n```\n", "AssertionError"),
        ("```python\n1 +\n```\n", "SyntaxError"),
        ("```yaml\na: [\n```\n", "expected"),
        ("```toml\na\n```\n", "Expected"),
        ("```cobol\nSTOP RUN.\n```\n", "nobody knows"),
        (
            '```yaml title="s/a.yaml"\nscenario: {id: a, name: A, test_case: {operation: x}, expected_outcome: {}}\n```\n',
            "has mistakes",
        ),
        ('```yaml title="from a.yaml"\nb: 1\n```\n', "not in a.yaml"),
    ],
)
def test_what_a_page_says_wrongly_is_noticed(
    tmp_path: Path, reader: Callable[[str], Reader], page: str, complaint: str
) -> None:
    """A wrong output, a failure that is not shown, a broken block, a scenario with a mistake: each is an error of the page."""
    at_work = reader(page)
    (at_work.folder / "a.yaml").write_text("a: 1\n", encoding="utf-8")
    *before, last = blocks_of(written(tmp_path, page))
    for block in before:
        at_work.perform(block)
    with pytest.raises((AssertionError, ValueError, yaml.YAMLError)) as caught:
        at_work.perform(last)
    assert complaint in str(caught.value)


RIGHT = """
```console
$ cd sub 2>/dev/null || mkdir sub && cd sub
$ export WORD=one
$ false
$ echo $?
1
```
```bash
echo $WORD >> here.txt
pwd | grep -q sub$
```
```python
import asyncio
await asyncio.sleep(0)
word = open("sub/here.txt").read()
```
```python
print(word)
```
```text title="output"
one
```
```bash title="not run here: it would take a year"
sleep 31536000
```
```yaml title="from sub/here.txt"
one
```
"""


def test_a_page_is_one_session(tmp_path: Path, reader: Callable[[str], Reader]) -> None:
    """Folder, environment and Python's names go on from block to block; what says why it is not run is not run."""
    at_work = reader(RIGHT)
    for block in blocks_of(written(tmp_path, RIGHT)):
        at_work.perform(block)
    assert "one\n" == (at_work.folder / "sub/here.txt").read_text(encoding="utf-8")
