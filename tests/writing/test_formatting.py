"""The canonical layout: whatever a file looked like, it says the same afterwards, keeps every comment, and there is nothing left to do."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from rehearse.errors import Complaints, ScenarioError
from rehearse.loading.tree import ListNode, MapNode, Node, ScalarNode
from rehearse.loading.yaml_tree import read_tree
from rehearse.source import Source
from rehearse.writing.formatting import formatted
from rehearse.writing.outline import Block, outline
from residency import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Manner: TypeAlias = "Callable[[str, random.Random], str]"

HERE = Path(__file__).parent
SHIPPED = [
    path
    for root in (DOMAIN.scenario_root, DOMAIN.example_root, DOMAIN.template_root)
    for path in sorted((root or HERE).rglob("*.yaml"))
]


def fmt(text: str) -> str:
    """A text laid out."""
    return formatted(Source("file.yaml", text))


def meaning(text: str) -> object:
    """What a text says, without places; maps have no order."""
    complaints = Complaints()
    tree = read_tree(Source("file.yaml", text), complaints)
    assert tree is not None
    assert not complaints.problems, complaints.problems
    return said(tree)


def said(node: Node) -> object:
    """A tree without its places."""
    match node:
        case MapNode():
            return {entry.key: said(entry.value) for entry in node}
        case ListNode():
            return [said(item) for item in node.items]
        case ScalarNode():
            return type(node.value), node.value, node.quoted
        case _:
            raise AssertionError(node)


def comments(text: str) -> list[str]:
    """Every comment of a text, in order."""
    return [line.comment for line in outline(text).lines if line.comment]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_ships_is_laid_out(path: Path) -> None:
    """Library, examples and templates are in canonical layout, by which everybody sees what that is."""
    text = path.read_text(encoding="utf-8")
    assert text == fmt(text)


def test_an_untidy_file() -> None:
    """Indentation, spaces, order and empty lines are put right; comments go with their keys, and texts of several lines stay."""
    text = (HERE / "untidy.yaml").read_text(encoding="utf-8")
    assert (HERE / "tidy.yaml").read_text(encoding="utf-8") == fmt(text)
    assert sorted(comments(text)) == sorted(comments(fmt(text)))


# ── many files that are not tidy ───────────────────────────────────────────────────────────────────────────────────────


def wider(text: str, _: random.Random) -> str:
    """Every level indented by twice as much, texts of several lines too."""
    return re.sub(
        "^( *)((?:- )*)", lambda found: found[1] * 2 + found[2].replace("- ", "-   "), text, flags=re.MULTILINE
    )


def looser(text: str, chance: random.Random) -> str:
    """Spaces at the ends of lines and around brackets, empty lines in between."""
    found = outline(text)
    lines = []
    for line in found.lines:
        free = not line.kept and bool(line.pieces)
        lines += [""] * (chance.randrange(4) if free and line.begins else 0)
        lines.append(line.text + " " * (chance.randrange(3) if free and not line.comment else 0))
    return "\n".join(lines)


def remarked(text: str, chance: random.Random) -> str:
    """Remarks above every third entry, in its own column, and behind lines that have none."""
    lines = []
    for number, line in enumerate(outline(text).lines):
        free = line.begins and not line.kept and chance.random() < 0.3
        lines += [f"{' ' * line.indent}# remark {number}"] * free
        behind = (
            line.begins and not line.comment and not line.kept and chance.random() < 0.2 and plainly_ended(line.text)
        )
        lines.append(line.text + f"  # behind {number}" * behind)
    return "\n".join(lines)


def goes_on(text: str) -> bool:
    """Whether anything but a block scalar goes on over several lines, whose own indentation is its author's."""
    return any(line.owner and not line.begins and not line.literal for line in outline(text).lines)


def plainly_ended(text: str) -> bool:
    """Whether a comment behind a line is one: the line ends with a bracket, a quote or a colon."""
    return text.rstrip()[-1:] in {"]", "}", '"', ":"}


def dedented(text: str, _: random.Random) -> str:
    """The lists of every map in the map's own column, as many write them."""
    found = outline(text)
    lines = [line.text for line in found.lines]
    for block in blocks(found.root):
        if not block.is_map and block.parent is not None and block.parent.is_map:
            first, last = block.entries[0].line, block.entries[-1].last
            for number in range(first, last + 1):
                lines[number] = lines[number].removeprefix("  ")
    return "\n".join(lines)


def windows(text: str, _: random.Random) -> str:
    """The line ends of another system."""
    return text.replace("\n", "\r\n")


def shuffled(text: str, chance: random.Random) -> str:
    """The keys of every scenario in any order, with what belongs to them."""
    found = outline(text)
    lines = [line.text for line in found.lines]
    for block in blocks(found.root):
        starts = [entry.line for entry in block.entries]
        if block.is_map and not block.compact and block.parent is not None and len(set(starts)) == len(starts):
            stop = block.entries[-1].last + 1
            chunks = [lines[start:end] for start, end in zip(starts, [*starts[1:], stop], strict=True)]
            chance.shuffle(chunks)
            lines[starts[0] : stop] = [line for chunk in chunks for line in chunk]
            break
    return "\n".join(lines)


def blocks(block: Block | None) -> Iterator[Block]:
    """A block and all below it, inner ones last."""
    if block is not None:
        yield block
        for entry in block.entries:
            yield from blocks(entry.child)


MANNERS = (wider, shuffled, dedented, remarked, windows, looser)
CASES = [(MANNERS[(number + turn) % 6], path) for number, path in enumerate(SHIPPED) for turn in (0, 1, 3)]


@pytest.mark.parametrize(
    ("change", "path"), CASES, ids=lambda case: getattr(case, "__name__", getattr(case, "stem", ""))
)
def test_whatever_it_looked_like(change: Manner, path: Path) -> None:
    """A file that was written in another manner says the same, keeps its comments, and is laid out once and for all."""
    original = path.read_text(encoding="utf-8")
    text = change(original, random.Random(path.stem))  # noqa: S311  (the same every time)
    if change is shuffled and not is_readable(text):
        return  # an alias stands before its anchor now: that is no file any more
    result = fmt(text)
    assert meaning(text) == meaning(result)
    assert result == fmt(result)
    assert text.count("#") == result.count("#")
    if change is shuffled:
        assert sorted(comments(text)) == sorted(comments(result))
    else:
        assert comments(text) == comments(result)
    if change is windows or change is dedented or (change is wider and not goes_on(original)):
        assert original == result


def is_readable(text: str) -> bool:
    """Whether a text is YAML."""
    complaints = Complaints()
    read_tree(Source("file.yaml", text), complaints)
    return not complaints.problems


@pytest.mark.parametrize("seed", range(20))
def test_changes_on_changes(seed: int) -> None:
    """The same holds for several of these manners at once."""
    chance = random.Random(seed)  # noqa: S311  (the same every time)
    text = chance.choice(SHIPPED).read_text(encoding="utf-8")
    for change in chance.sample([looser, remarked, dedented, wider, windows], 3):
        text = change(text, chance)
    result = fmt(text)
    assert meaning(text) == meaning(result)
    assert comments(text) == comments(result)
    assert result == fmt(result)


# ── corners ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def scenario(body: str) -> str:
    """A file with a shelf under the scenario, which the loader does not read."""
    return f"scenario:\n  name: X\n  id: x\n  x-shelf:\n{body}"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("    a:   1\n", "    a: 1\n"),
        ("    a: { b : 1,c: [ 2,3 ] }\n", "    a: {b: 1, c: [2, 3]}\n"),
        ("    a: {}\n    b: [ ]\n", "    a: {}\n    b: []\n"),
        ("    a: 'x  y'   # why\n", "    a: 'x  y'   # why\n"),
        ('    a: "x #y"\n', '    a: "x #y"\n'),
        ('    "a b" : 1\n', '    "a b": 1\n'),
        ("    a: &one 1\n    b: [*one , *one]\n", "    a: &one 1\n    b: [*one, *one]\n"),
        ("    a:\n    - 1\n    -   2\n", "    a:\n      - 1\n      - 2\n"),
        ("    a:\n        - - 1\n          - 2\n        - - 3\n", "    a:\n      - - 1\n        - 2\n      - - 3\n"),
        ("    -\n        a: 1\n    -\n      b: 2\n", "    -\n      a: 1\n    -\n      b: 2\n"),
        ("    a: |2\n        x\n       y \n", "    a: |2\n        x\n       y \n"),
        ("    a: |+\n      x\n\n\n    b: 1\n", "    a: |+\n      x\n\n\n    b: 1\n"),
        ("    a: >-\n      x\n\n\n\n      y\n\n\n    b: 1\n", "    a: >-\n      x\n\n\n\n      y\n\n    b: 1\n"),
        ("    a: one\n      two\n\n      three\n", "    a: one\n      two\n\n      three\n"),
        ('    a: "one\n\n      two"\n', '    a: "one\n\n      two"\n'),
        ("    a: [1,\n  2,\n      # why\n      3]\n", "    a: [1,\n      2,\n      # why\n      3]\n"),
        ("    a:\n    # why\n    - 1\n", "    a:\n      # why\n      - 1\n"),
        ("    # first\n    a: 1\n    # last\n", "    # first\n    a: 1\n    # last\n"),
        ("    a:\n      b: 1\n      # deep\n    # shallow\n", "    a:\n      b: 1\n      # deep\n    # shallow\n"),
        ("    a: 07:00\n    b: NO\n", "    a: 07:00\n    b: NO\n"),
        ("    a:\n    b:\n", "    a:\n    b:\n"),
    ],
)
def test_corners(written: str, expected: str) -> None:
    """What YAML allows is laid out without touching a token."""
    assert scenario(expected) == fmt(scenario(written))


def test_an_anchor_stays_before_its_alias() -> None:
    """Where the order of keys would put an alias before its anchor, the order stays as it was."""
    text = "scenario:\n  name: X\n  test_case: &a {operation: b}\n  id: x\n  setup: {c: *a}\n"
    assert text == fmt(text)


@pytest.mark.parametrize(
    "text",
    [
        "scenario:\n  ? name\n  : X\n  id: x\n",
        "---\nscenario:\n  name: X\n  id: x\n",
        "scenario:\n  name: X\u2028  id: x\n",
    ],
)
def test_what_is_too_unusual_is_refused(text: str) -> None:
    """A file that cannot be laid out is told with a reason, and nothing else happens to it."""
    with pytest.raises(ScenarioError, match=r"is left as it is|is not YAML"):
        fmt(text)


def test_mistakes_in_what_it_says_are_no_obstacle() -> None:
    """A file with an author's mistakes is laid out like any other, and has the same ones afterwards."""
    text = "scenario:\n   id: x\n   nmae: X\n   test_case:  {operation: nothing}\n"
    assert "scenario:\n  id: x\n  nmae: X\n  test_case: {operation: nothing}\n" == fmt(text)
