"""YAML becomes a tree with places; whatever is not plain data, or too much of it, becomes a problem with a place."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rehearse.errors import Complaints
from rehearse.loading import yaml_tree
from rehearse.loading.files import decode, read_file
from rehearse.loading.limits import SCENARIO_LIMITS, Limits
from rehearse.loading.tree import ListNode, ScalarNode, plain_value
from rehearse.loading.yaml_tree import read_tree
from rehearse.source import Source
from rehearse.values import FrozenMap

from .reading import map_of, read

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("yes", "yes"),
        ("NO", "NO"),
        ("on", "on"),
        ("~", None),
        ("null", None),
        ("", None),
        ("Null", "Null"),
        ("0", 0),
        ("-17", -17),
        ("+5", 5),
        ("0x1F", 31),
        ("0o17", 15),
        ("012", "012"),
        ("0600", "0600"),
        ("00.5", "00.5"),
        ("1_000", "1_000"),
        ("0.05", Decimal("0.05")),
        (".5", Decimal("0.5")),
        ("5.", Decimal(5)),
        ("1e3", Decimal("1e3")),
        ("-1.5E-2", Decimal("-0.015")),
        ("07:00", "07:00"),
        ("24:00", "24:00"),
        ("190:20:30", "190:20:30"),
        ("2024-12-25", date(2024, 12, 25)),
        ("2024-1-5", "2024-1-5"),
        ("2024-12-25T06:00", datetime(2024, 12, 25, 6, 0)),  # noqa: DTZ001  (there are no zones)
        ("2024-12-25 06:00", datetime(2024, 12, 25, 6, 0)),  # noqa: DTZ001
        ('"07"', "07"),
        ("'2024-12-25'", "2024-12-25"),
        ('"true"', "true"),
        ("-", (None,)),
        ("1.2.3", "1.2.3"),
        ("+", "+"),
        ("call-r1", "call-r1"),
    ],
)
def test_scalars(written: str, value: object) -> None:
    """Plain scalars mean what YAML 1.2 says, dates and moments besides; quoted ones are text."""
    found = read(written).value
    assert value == found
    assert type(value) is type(found)


def test_quoted_is_remembered() -> None:
    """A node knows whether its author quoted it."""
    tree = map_of(read("a: '1'\nb: 1\nc: |\n  x\n").node)
    assert [True, False, True] == [isinstance(e.value, ScalarNode) and e.value.quoted for e in tree]


DAY = "write year-month-day, or quote it if it is text"
ZONE = " has a zone, and there are none here; write the local time, "
SECONDS = " has seconds, and time is counted in whole minutes; write "
COLON = "a text in which a colon and a space stand needs quotes"
UNSTARTED = "this is not YAML: found character that cannot start any token while scanning for the next token"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("a: 2024-02-30", ["1:4 bad-value: `2024-02-30` is no day of the calendar; " + DAY]),
        ("a: 2024-01-01T06:00Z", ["1:4 bad-value: `2024-01-01T06:00Z`" + ZONE + "`2024-01-01T06:00`"]),
        ("a: 2024-01-01 06:00 +01:00", ["1:4 bad-value: `2024-01-01 06:00 +01:00`" + ZONE + "`2024-01-01T06:00`"]),
        ("a: 2024-01-01T06:00:00", ["1:4 bad-value: `2024-01-01T06:00:00`" + SECONDS + "`2024-01-01T06:00`"]),
        (
            "a: 2024-01-01T24:00",
            [
                "1:4 bad-value: `2024-01-01T24:00` is on no calendar or clock; write 2024-12-25T06:00, with hours 00 to 23"
            ],
        ),
        (
            "a: .nan",
            [
                "1:4 bad-value: `.nan` is no number that can be compared; write a finite number, or quote it if it is text"
            ],
        ),
        (
            "a: -.inf",
            [
                "1:4 bad-value: `-.inf` is no number that can be compared; write a finite number, or quote it if it is text"
            ],
        ),
        ("<<: {a: 1}", ["1:1 yaml-feature: the merge key `<<` is not read; write the keys out"]),
        ("a: !x b", ["1:4 yaml-feature: the tag `!x` is not read; remove it"]),
        (
            "a: !!python/object:os.system {}",
            ["1:4 yaml-feature: the tag `!!python/object:os.system` is not read; remove it"],
        ),
        ("a: !!str 1", ["1:4 yaml-feature: the tag `!!str` is not read; remove it"]),
        ("a: &x [*x]", ["1:8 yaml-feature: `*x` stands inside its own anchor; write out what is meant"]),
        ("a: &row 1\nb: *rows", ["2:4 yaml-syntax: `*rows` names no anchor; did you mean `row`?"]),
        ("1: x", ['1:1 yaml-feature: the key `1` is not text; write it in quotes, `"1"`']),
        ("2024-12-25: x", ['1:1 yaml-feature: the key `2024-12-25` is not text; write it in quotes, `"2024-12-25"`']),
        (".inf: x", ['1:1 yaml-feature: the key `.inf` is not text; write it in quotes, `".inf"`']),
        ("? \n: x", ["1:2 yaml-feature: a key is missing before the colon"]),
        ("? [a]\n: x", ["1:3 yaml-feature: a list or a map is no key; write a text as the key"]),
        ("a: &l [1]\n*l : x", ['2:1 yaml-feature: the key `*l` is not text; write it in quotes, `"*l"`']),
        ("a: 1\n---\nb: 2", ["2:1 yaml-feature: a second document begins here; put it into a file of its own"]),
        ("\ta: 1", ["1:1 yaml-syntax: " + UNSTARTED + "; indent with spaces, not with tabs"]),
        ("a: @x", ["1:4 yaml-syntax: " + UNSTARTED + "; a text that begins with `@` needs quotes"]),
        (
            "a: b: c",
            ["1:5 yaml-syntax: this is not YAML: mapping values are not allowed in this context; " + COLON],
        ),
        (
            'a: "b',
            [
                "1:4 yaml-syntax: this is not YAML: found unexpected end of stream while scanning a quoted scalar; close the quotes"
            ],
        ),
        ("x: \0", ["1:4 yaml-syntax: the character U+0000 may not stand in a file; remove it"]),
        (
            "a: 1\nx: \x07",
            [
                '2:4 yaml-syntax: the character U+0007 may not stand in a file; write "\\x07" in double quotes if it is meant'
            ],
        ),
        ('a: "x\\0y"', ["1:4 bad-value: the text holds a NUL character; no database takes one: remove it"]),
        ("a: 1e99999", ["1:4 yaml-limit: the number `1e99999` has more than 4,300 digits; quote it if it is text"]),
        (
            "a: 1e999999999999999999999999999999",
            [
                "1:4 yaml-limit: the number `1e999999999999999999999999999999` has more than 4,300 digits; quote it if it is text"
            ],
        ),
    ],
)
def test_refused(text: str, messages: list[str]) -> None:
    """What is refused is told with its place and what to do."""
    assert messages == read(text).messages


def test_a_whole_message() -> None:
    """A duplicate key shows both places."""
    (problem,) = read("a:\n  name: x\n  id: 1\n  name: y\n").problems
    expected = """\
        error[duplicate-key]: `name` is written twice in one map
          --> f.yaml:4:3
          |
        4 |   name: y
          |   ^^^^
          ::: f.yaml:2:3 it is first written here
          |
        2 |   name: x
          |   ^^^^
          = keep one of the two"""
    assert textwrap.dedent(expected) == problem.render()


def test_all_mistakes_at_once() -> None:
    """Reading goes on after a mistake that leaves the text readable."""
    found = read("a: .nan\n<<: *b\n2: x\na: !t 2024-13-01\n")
    assert ["bad-value", "yaml-feature", "yaml-syntax", "yaml-feature", "duplicate-key", "yaml-feature"] == found.codes


def test_values_of_refused_keys_are_dropped() -> None:
    """What stands behind a refused key does not come back under another."""
    tree = read("? {a: 1}\n: {b: 2}\nc: [3]\n").node
    assert FrozenMap({"c": (3,)}) == plain_value(map_of(tree))


@pytest.mark.parametrize("digits", [4300, 4301])
def test_digits(digits: int) -> None:
    """A number may have 4,300 digits."""
    assert (["yaml-limit"] if digits > 4300 else []) == read(f"a: {'9' * digits}").codes


def test_hexadecimal_digits_count_as_decimal_ones() -> None:
    """A short hexadecimal number may stand for too many digits."""
    assert ["yaml-limit"] == read("a: 0x" + "f" * 4000).codes


@pytest.mark.parametrize(("text", "spans"), [
    ("a: b", [(1, 1, 2), (1, 4, 5)]),
    ("a: 'b c'", [(1, 1, 2), (1, 4, 9)]),
    ("a:\n  long text\n  over two lines\n", [(1, 1, 2), (2, 3, 12)]),
    ("a: |\n  block\n", [(1, 1, 2), (1, 4, 5)]),
    ("a: [1, 2]", [(1, 1, 2), (1, 4, 10), (1, 5, 6), (1, 8, 9)]),
    ("a: [1,\n 2]", [(1, 1, 2), (1, 4, 6), (1, 5, 6), (2, 2, 3)]),
    ("a:\n- {b: 1}  # note\n- 2", [(1, 1, 2), (2, 1, 9), (2, 4, 5), (2, 4, 5), (2, 7, 8), (3, 3, 4)]),
    ("a: {}", [(1, 1, 2), (1, 4, 5)]),
    ("é: ü", [(1, 1, 2), (1, 4, 5)]),
    ("a:", [(1, 1, 2), (1, 3, 4)]),
])  # fmt: skip
def test_places(text: str, spans: list[tuple[int, int, int]]) -> None:
    """Keys, scalars, lists and maps know where they stand, in characters."""
    assert spans == [(span.line, span.column, span.end_column) for span in _spans(read(text).node)]


def _spans(node: object) -> list[object]:
    from rehearse.loading.tree import MapNode  # noqa: PLC0415

    if isinstance(node, ListNode):
        return [node.span, *(span for item in node.items for span in _spans(item))]
    if isinstance(node, MapNode):
        inner = [span for entry in node for span in (entry.span, *_spans(entry.value))]
        return [node.span, *inner] if not node.entries or node.span != inner[0] or node.span.line > 1 else inner
    assert isinstance(node, ScalarNode)
    return [node.span]


def test_aliases_stand_for_what_they_mark() -> None:
    """Anchors and aliases are read, as values and as keys."""
    assert (
        FrozenMap({"a": "k", "b": "k", "k": 1, "l": (2, (2,))}) == read("a: &k k\nb: *k\n*k : 1\nl: [&n 2, [*n]]").value
    )


def test_nothing_but_comments_is_null() -> None:
    """An empty document is a null."""
    assert read("# nothing\n").value is None


def test_depth() -> None:
    """Fifty collections may stand inside each other, aliases followed."""
    assert read("[" * 50 + "]" * 50).problems == ()
    assert ["yaml-limit"] == read("[" * 51 + "]" * 51).codes
    deep = f"- &d {'[' * 30}{']' * 30}\n- {'[' * 20}*d{']' * 20}"
    assert ["yaml-limit"] == read(deep).codes


def test_nodes_are_counted_with_aliases_written_out() -> None:
    """An alias counts as all that it stands for."""
    limits = Limits(size=1000, nodes=10)
    complaints = Complaints()
    assert read_tree(Source("f", "- &a [1, 2]\n- *a\n- *a"), complaints, limits=limits) is not None
    assert read_tree(Source("f", "- &a [1, 2]\n- *a\n- *a\n- 3"), complaints, limits=limits) is None
    (problem,) = complaints.problems
    assert "more than 10 keys and values, aliases written out" == problem.summary
    assert problem.span is not None
    assert (4, 3) == (problem.span.line, problem.span.column)


@pytest.mark.parametrize("text", ["[1, 2, 3]", "[[[[]]]]", "{a: 1, b: 2}", "[&a [1], *a]"])
def test_every_kind_of_node_is_counted(text: str) -> None:
    """Keys, scalars, collections and aliases all count."""
    complaints = Complaints()
    assert read_tree(Source("f", text), complaints, limits=Limits(size=1000, nodes=3)) is None
    assert ["yaml-limit"] == [problem.code for problem in complaints.problems]


@pytest.mark.parametrize(("length", "codes"), [(64_000, []), (64_001, ["yaml-limit"])])
def test_scalar_size(length: int, codes: list[str]) -> None:
    """A scalar has 64 kB at most."""
    assert codes == read("a: " + "x" * length).codes


def test_scalar_size_is_counted_in_bytes() -> None:
    """A character of three bytes counts three times."""
    assert ["yaml-limit"] == read("a: " + "€" * 30_000).codes


def test_text_size() -> None:
    """A text that came from elsewhere is as bounded as a file."""
    assert ["yaml-limit"] == read("# " + "x" * SCENARIO_LIMITS.size).codes


def test_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser in Python reads the same."""
    text = "a: &x [1, 'b', {c: 2024-12-25}]\nd: *x\ne: |\n  f\n"
    fast = read(text)
    monkeypatch.setattr(yaml_tree, "PARSER", yaml.SafeLoader)
    assert fast == read(text)
    assert ["yaml-syntax"] == read("a: [").codes


def test_file_too_large_is_not_read(tmp_path: Path) -> None:
    """The size is asked for first: a sparse file of 100 MB costs nothing."""
    path = tmp_path / "big.yaml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    complaints = Complaints()
    assert read_file(path, complaints) is None
    assert ["this file is larger than 1 MiB; split it"] == [problem.message for problem in complaints.problems]


def test_files_that_are_none(tmp_path: Path) -> None:
    """A folder, a device and a missing file are told as paths that are wrong."""
    complaints = Complaints()
    for path in (tmp_path, tmp_path / "missing.yaml", type(tmp_path)("/dev/zero"), tmp_path / "a\0b"):
        assert read_file(path, complaints) is None
    assert ["bad-path"] * 4 == [problem.code for problem in complaints.problems]


def test_bad_utf8_is_placed() -> None:
    """The byte that is not UTF-8 has a line and a column."""
    complaints = Complaints()
    assert decode(b"a: b\nc: d\xff\n", "f.yaml", complaints) is None
    (problem,) = complaints.problems
    assert ("f.yaml:2:5", "byte 0xff is not UTF-8") == (str(problem.span), problem.summary)


def test_a_byte_order_mark_is_no_text() -> None:
    """What some editors put in front does not move the columns."""
    complaints = Complaints()
    source = decode(b"\xef\xbb\xbfa: 1", "f.yaml", complaints)
    assert source is not None
    assert "a: 1" == source.text


def test_nothing_is_imported_or_opened() -> None:
    """Reading a hostile text imports no module and opens no file."""
    script = """
        import sys
        from rehearse.errors import Complaints
        from rehearse.loading.yaml_tree import read_tree
        from rehearse.source import Source
        read_tree(Source("warm", "a: [1]"), Complaints())
        seen = []
        sys.addaudithook(lambda event, args: seen.append(event))
        for text in ("a: !!python/object/apply:os.system ['id']", "!!python/module:this", "a: !include /etc/passwd"):
            read_tree(Source("f", text), Complaints())
        wanted = {"import", "open", "os.system", "subprocess.Popen", "exec", "compile"}
        sys.exit(1 if wanted & set(seen) else 0)
    """
    assert 0 == subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False).returncode


LAUGHS = zip("abcdefgh", "bcdefghi", strict=True)
BOMBS = {
    "alias": "a: &a [x,x,x,x]\\n" + "".join(f"{n}: &{n} [{','.join(['*' + p] * 9)}]\\n" for p, n in LAUGHS),
    "merge": "a: &a {x: 1}\\n" + "".join(f"k{n}: &k{n} {{<<: [*a, *a, *a]}}\\n" for n in range(99)),
    "51 deep": "[" * 51,
    "5,000 deep": "[" * 5_000,
}  # fmt: skip
MADE = {
    "1e6 deep": "'[' * 1_000_000",
    "1e6 maps deep": "'{a: ' * 200_000",
    "1e6 dashes": "'- ' * 500_000",
    "1e6 questions": "'? ' * 500_000",
    "one long line": "'a, ' * 300_000",
    "quoted without end": "'\"' + 'x' * 1_000_000",
    "100,000 colons": "'a: ' * 100_000",
    **{name: f"'{text}'" for name, text in BOMBS.items()},
}


@pytest.mark.parametrize("name", MADE)
def test_bombs(name: str) -> None:
    """F43: a hostile text becomes problems in a process that has neither memory nor time to spare."""
    script = f"""
        import resource, sys
        from rehearse.errors import Complaints
        from rehearse.loading.yaml_tree import read_tree
        from rehearse.source import Source
        read_tree(Source("warm", "a: [1]"), Complaints())
        text = {MADE[name]}
        pages = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (pages + {_MEMORY}, pages + {_MEMORY}))
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
        complaints = Complaints()
        read_tree(Source("f", text), complaints)
        assert all(problem.span for problem in complaints.problems)
        print(len(complaints.problems) > 0)
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False, capture_output=True, text=True)
    assert ("True\n", "") == (run.stdout, run.stderr)


_MEMORY = 60_000_000  # the text, as characters and as bytes, and 20 MB beyond


@given(st.binary(max_size=300))
def test_arbitrary_bytes(data: bytes) -> None:
    """Whatever the bytes, there is a tree or a problem, never an exception."""
    complaints = Complaints()
    source = decode(data, "f", complaints)
    tree = read_tree(source, complaints) if source else None
    assert (tree is not None) or complaints.problems


@given(st.text(alphabet=st.sampled_from("ab:-[]{},&*!|>'\"#%@? \n\t01.~<=x"), max_size=60))
def test_arbitrary_yaml(text: str) -> None:
    """Texts made of what YAML is made of never end in an exception, and every problem has a place inside the text."""
    found = read(text)
    assert found.node is not None or found.problems
    for problem in found.problems:
        assert problem.span is not None
        assert 1 <= problem.span.line <= max(1, len(text.splitlines()))
        problem.render()


_LETTERS = st.characters(
    codec="utf-8", exclude_categories=("Nd", "Cs"), exclude_characters="\0\x85\u2028\u2029"
)  # the writer folds line ends
_TEXTS = st.text(_LETTERS, max_size=8)
_SCALARS = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | _TEXTS | st.dates()
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3), max_leaves=8
)


@given(_VALUES)
def test_what_another_writer_wrote(value: object) -> None:
    """Plain data written by another library comes back as it was."""
    text = yaml.safe_dump(value, allow_unicode=True)
    assert _frozen(value) == read(text).value


def _frozen(value: object) -> object:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return FrozenMap({key: _frozen(item) for key, item in value.items()})  # type: ignore[misc]
    return value
