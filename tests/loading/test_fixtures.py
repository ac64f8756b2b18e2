"""Fixtures come from their places and nowhere else, and are laid on each other as the author says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearse.errors import Complaints
from rehearse.loading import fixtures
from rehearse.loading.fixtures import FixtureSearch, MergedSetup, find_fixture, load_setup, search_of
from rehearse.loading.merge import merge_setups
from rehearse.loading.sql_text import statements
from rehearse.loading.tree import ListNode, MapNode, ScalarNode, plain_value
from rehearse.loading.yaml_tree import read_tree
from rehearse.scenario import Written
from rehearse.source import Source, Span
from rehearse.values import FrozenMap, Value

from .reading import map_of, place, read

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS = {"persons": {}, "assignments": {"person": "person_id", "period": "block_period"}}
SPAN = Span(Source("s.yaml", "x"), 1, 1, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a scenario, with ``fixtures/`` in it and another place beside it."""
    (tmp_path / "own" / "fixtures").mkdir(parents=True)
    (tmp_path / "shared").mkdir()
    return tmp_path / "own"


def places(folder: Path) -> tuple[Path, ...]:
    """Where fixtures of the scenario are looked for."""
    return (folder, folder / "fixtures", folder.parent / "shared")


def loaded(folder: Path, setup: str) -> tuple[MergedSetup, list[str]]:
    """Load a set-up and return it with what is wrong, each with the name of its file and its place."""
    complaints = Complaints()
    merged = load_setup(map_of(read(setup).node), FixtureSearch(places(folder), SECTIONS), complaints)
    told = [
        f"{problem.span.source.name.rsplit('/', 1)[-1] if problem.span else '-'}:{place(problem)} {problem.code}: {problem.message}"
        for problem in complaints.problems
    ]
    return merged, told


def merged(folder: Path, setup: str) -> Value:
    """Return what a sound set-up says, its fixtures merged, without ``database``."""
    found, told = loaded(folder, setup)
    assert told == []
    value = plain_value(found.node)
    assert isinstance(value, FrozenMap)
    return FrozenMap((key, item) for key, item in value.items() if key != "database")


def found(folder: Path, path: str) -> tuple[str | None, list[str]]:
    """Look for a fixture; return its text, or None with what is wrong."""
    complaints = Complaints()
    source = find_fixture(path, SPAN, places(folder), complaints)
    return (source.text if source else None), [problem.message for problem in complaints.problems]


# ── where they lie ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_places_in_order(folder: Path) -> None:
    """The scenario's folder comes first, then its fixtures, then the project's; the first hit counts."""
    for where in reversed(places(folder)):
        (where / "f.yaml").write_text(f"# {where.name}")
        assert (f"# {where.name}", []) == found(folder, "f.yaml")


def test_search_of_a_scenario(folder: Path) -> None:
    """A scenario's own folder is that of its file; a text from elsewhere has none."""
    written = Written("a", "a", "a", map_of(read("a: 1").node), SPAN.source, folder / "a.yaml")
    assert places(folder) == search_of(written, [folder.parent / "shared"], {}).places
    unfiled = Written("a", "a", "a", map_of(read("a: 1").node), SPAN.source)
    assert (folder,) == search_of(unfiled, [folder], {}).places


def test_folders_and_links_inside(folder: Path) -> None:
    """Folders, detours and links are followed as long as they end in one of the places."""
    (folder / "deep").mkdir()
    (folder / "deep" / "f.yaml").write_text("# deep")
    (folder.parent / "shared" / "g.yaml").write_text("# shared")
    (folder / "link.yaml").symlink_to(folder.parent / "shared" / "g.yaml")
    (folder / "folder").symlink_to(folder / "deep")
    for path, text in [
        ("deep/f.yaml", "# deep"),
        ("./deep/../deep/f.yaml", "# deep"),
        ("link.yaml", "# shared"),
        ("folder/f.yaml", "# deep"),
    ]:
        assert (text, []) == found(folder, path)


OUTSIDE = "# secret"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../secret.yaml", "`../secret.yaml` lies outside the places for fixtures; "),
        ("deep/../../secret.yaml", "`deep/../../secret.yaml` lies outside the places for fixtures; "),
        ("link.yaml", "`link.yaml` lies outside the places for fixtures; "),
        ("out/secret.yaml", "`out/secret.yaml` lies outside the places for fixtures; "),
        ("/etc/passwd.yaml", "`/etc/passwd.yaml` is absolute; "),
        ("C:/secret.yaml", "`C:/secret.yaml` is absolute; "),
        ("..\\secret.yaml", "`..\\secret.yaml` is no path; write folders with `/`"),
        ("secret.yaml\0.json", "`'secret.yaml\\x00.json'` is no path; "),
        ("", "`` names no file; "),
        ("..", "`..` names no file; "),
        ("secret", "`secret` has no suffix of a fixture; name it .json, .yaml, .yml, .sql"),
        ("link.py", "`link.py` has no suffix of a fixture; "),
        ("zero.yaml", "`zero.yaml` lies outside the places for fixtures; "),
        ("dead.yaml", "`dead.yaml` cannot be followed; no such file or directory"),
        ("loop.yaml", "`loop.yaml` cannot be followed; "),
        ("folder.yaml", "is not a regular file"),
        ("pipe.yaml", "is not a regular file"),
        ("none.yaml", "there is no fixture `none.yaml`; looked in "),
        ("x" * 300 + ".yaml", "there is no fixture"),
    ],
)
def test_refused_paths(folder: Path, path: str, message: str) -> None:
    """F46: whatever leads out of the places, or to no regular file, is refused and not read."""
    (folder.parent / "secret.yaml").write_text(OUTSIDE)
    (folder / "deep").mkdir()
    (folder / "folder.yaml").mkdir()
    (folder / "link.yaml").symlink_to("../secret.yaml")
    (folder / "out").symlink_to("..")
    (folder / "zero.yaml").symlink_to("/dev/zero")
    (folder / "dead.yaml").symlink_to("nothing")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(folder / "pipe.yaml")
    text, (told,) = found(folder, path)
    assert text is None
    assert message in told


def test_places_are_listed(folder: Path) -> None:
    """What is in none of the places is told with all of them."""
    _, (told,) = found(folder, "none.yaml")
    assert "there is no fixture `none.yaml`; looked in " + ", ".join(f"`{where}`" for where in places(folder)) == told


@pytest.mark.parametrize("exchanged", ["deep", "deep/f.yaml"])
def test_exchanged_after_the_check(folder: Path, monkeypatch: pytest.MonkeyPatch, exchanged: str) -> None:
    """F46: a folder or file that becomes a link between the check and the opening is refused."""
    (folder.parent / "f.yaml").write_text(OUTSIDE)
    (folder / "deep").mkdir()
    (folder / "deep" / "f.yaml").write_text("# sound")
    original = fixtures._resolved

    def resolved_then_exchanged(candidate: Path, shown: str, where: tuple[Path, ...]) -> tuple[Path, Path]:
        answer = original(candidate, shown, where)
        (folder / exchanged).rename(folder / "away")
        (folder / exchanged).symlink_to(folder.parent if exchanged == "deep" else folder.parent / "f.yaml")
        return answer

    monkeypatch.setattr(fixtures, "_resolved", resolved_then_exchanged)
    text, (told,) = found(folder, "deep/f.yaml")
    assert text is None
    assert told.startswith("`deep/f.yaml` cannot be opened")


def test_what_was_opened_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is exchanged after it was opened does not matter."""
    (folder / "f.yaml").write_text("# sound")
    original = fixtures.read_opened

    def exchanged_then_read(descriptor: int, *rest: object) -> object:
        (folder / "f.yaml").unlink()
        (folder / "f.yaml").write_text(OUTSIDE)
        return original(descriptor, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(fixtures, "read_opened", exchanged_then_read)
    assert ("# sound", []) == found(folder, "f.yaml")


# ── how they are merged ────────────────────────────────────────────────────────────────────────────────────────────────

BASE = """
persons:
- {id: R1, level: 1, tags: [a, b], more: {x: 1, y: 2}}
- {id: R2, level: 2}
assignments:
- {id: a1, person_id: R1, block_period: AM}
- {person_id: R2}
constraints: {policy: {weekly: {limit: 80}}, auto: true}
"""


def test_deep_merge(folder: Path) -> None:
    """Rows of one id are merged field by field, an alias is its field, lists are replaced, other rows are added."""
    (folder / "base.yaml").write_text(BASE)
    later = """
database: {load_fixtures: [base.yaml]}
persons:
- {id: R1, level: 3, tags: [c], more: {y: 7, z: {q: 1}}}
- {id: R3}
assignments:
- {id: a1, person: R3}
- {person_id: R2}
constraints: {policy: {weekly: {rest: 8}}}
preconditions: [{check: x}]
"""
    expected = """
persons:
- {id: R1, level: 3, tags: [c], more: {x: 1, y: 7, z: {q: 1}}}
- {id: R2, level: 2}
- {id: R3}
assignments:
- {id: a1, person: R3, block_period: AM}
- {person_id: R2}
- {person_id: R2}
constraints: {policy: {weekly: {limit: 80, rest: 8}}, auto: true}
preconditions: [{check: x}]
"""
    assert read(expected).value == merged(folder, later)


def test_replace(folder: Path) -> None:
    """A section that the later source names replaces the earlier one; others stay."""
    (folder / "base.yaml").write_text(BASE)
    later = "database: {load_fixtures: [base.yaml], merge_strategy: replace}\npersons: [{id: R9}]\nconstraints: {auto: false}"
    base = read(BASE).value
    assert isinstance(base, FrozenMap)
    expected = {
        "persons": (FrozenMap({"id": "R9"}),),
        "assignments": base["assignments"],
        "constraints": FrozenMap({"auto": False}),
    }
    assert FrozenMap(expected) == merged(folder, later)


def test_append(folder: Path) -> None:
    """All rows stay, those of one id beside each other for their reader to refuse; constraints are merged all the same."""
    (folder / "base.yaml").write_text("persons: [{id: R1}]\nconstraints: {a: 1}")
    later = "database: {load_fixtures: [base.yaml], merge_strategy: append}\npersons: [{id: R1, level: 2}, {id: R2}]\nconstraints: {b: 2}"
    expected = "persons: [{id: R1}, {id: R1, level: 2}, {id: R2}]\nconstraints: {a: 1, b: 2}"
    assert read(expected).value == merged(folder, later)


def test_an_entry_has_its_own_strategy(folder: Path) -> None:
    """An entry's own strategy holds for that fixture; the scenario comes last with the general one."""
    (folder / "one.yaml").write_text("persons: [{id: R1, level: 1, x: 1}]\nassignments: [{id: a1}]")
    (folder / "two.json").write_text('{"persons": [{"id": "R1", "level": 2}]}')
    setup = "database: {load_fixtures: [one.yaml, {path: two.json, merge: replace}]}\npersons: [{id: R1, y: 3}]"
    assert read("persons: [{id: R1, level: 2, y: 3}]\nassignments: [{id: a1}]").value == merged(folder, setup)


def test_rows_of_one_id_in_one_source_stay_two(folder: Path) -> None:
    """A mistake inside one source is not merged away."""
    (folder / "one.yaml").write_text("persons: [{id: R1, level: 1}]")
    setup = "database: {load_fixtures: [one.yaml]}\npersons: [{id: R1, x: 1}, {id: R1, x: 2}]"
    assert read("persons: [{id: R1, level: 1, x: 1}, {id: R1, x: 2}]").value == merged(folder, setup)


def test_both_spellings_of_a_field_stay_two(folder: Path) -> None:
    """A row that says a field twice is left to its reader to refuse."""
    (folder / "one.yaml").write_text("assignments: [{id: a, person_id: R1}]")
    setup = "database: {load_fixtures: [one.yaml]}\nassignments: [{id: a, person: R2, person_id: R3}]"
    assert read("assignments: [{id: a, person: R2, person_id: R3}]").value == merged(folder, setup)


def test_fixtures_are_plain_data(folder: Path) -> None:
    """Nothing in a fixture is interpolated or makes rows."""
    (folder / "one.yaml").write_text('persons: [{id: R1, note: "${x} {{ y }}"}, {generate: {count: 3}}]')
    expected = 'persons: [{id: R1, note: "${x} {{ y }}"}, {generate: {count: 3}}]'
    assert read(expected).value == merged(folder, "database: {load_fixtures: [one.yaml]}")


def test_without_fixtures(folder: Path) -> None:
    """A set-up without fixtures is what it is."""
    setup = map_of(read("database: {clean_state: true}\npersons: 7").node)
    assert setup is load_setup(setup, FixtureSearch(places(folder), SECTIONS), Complaints()).node
    bare = map_of(read("persons: []").node)
    assert bare is load_setup(bare, FixtureSearch(places(folder), SECTIONS), Complaints()).node


def test_entries_of_another_type_are_left_to_their_reader(folder: Path) -> None:
    """What is no path and no strategy is passed over here."""
    (folder / "one.yaml").write_text("persons: [{id: R1}]")
    setup = "database: {load_fixtures: [7, {merge: x}, [a], {path: one.yaml, merge: deep}], merge_strategy: 3}\nassignments: 7"
    value, told = loaded(folder, setup)
    assert ([], (FrozenMap({"id": "R1"}),)) == (told, plain_value(map_of(value.node).get("persons") or value.node))


def test_the_same_fixture_in_many_scenarios(folder: Path) -> None:
    """A fixture that is read again is the same, until it changes."""
    (folder / "one.yaml").write_text("persons: [{id: R1}]\nperson: []")
    setup = "database: {load_fixtures: [one.yaml]}"
    first, again = loaded(folder, setup), loaded(folder, setup)
    assert first == again
    assert ["one.yaml:2:1 unknown-name: there is no section `person`; did you mean `persons`?"] == first[1]
    (folder / "one.yaml").write_text("persons: [{id: R2}]")
    assert "R2" == field_of(loaded(folder, setup)[0])


def field_of(setup: MergedSetup) -> object:
    """Return the id of the first person."""
    rows = setup.node.get("persons")
    assert isinstance(rows, ListNode)
    found_id = map_of(rows.items[0]).get("id")
    return found_id.value if isinstance(found_id, ScalarNode) else None


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("f.yaml", "person: []", ["f.yaml:1:1 unknown-name: there is no section `person`; did you mean `persons`?"]),
        (
            "f.yaml",
            "preconditions: []",
            ["f.yaml:1:1 unknown-name: there is no section `preconditions`; known: assignments, constraints, persons"],
        ),
        ("f.yaml", "persons: {id: R1}", ["f.yaml:1:11 wrong-type: `persons` is a map, and must be a list of rows"]),
        ("f.yaml", "constraints: []", ["f.yaml:1:14 wrong-type: `constraints` is a list, and must be a map"]),
        (
            "f.yaml",
            "- 1",
            [
                "f.yaml:1:1 wrong-type: a fixture is a map of sections, and this is a list; write sections with their rows"
            ],
        ),
        (
            "f.yaml",
            "",
            ["f.yaml:1:1 wrong-type: a fixture is a map of sections, and this is null; write sections with their rows"],
        ),
        ("f.yaml", "persons: !x []", ["f.yaml:1:10 yaml-feature: the tag `!x` is not read; remove it"]),
        (
            "f.yml",
            "persons: [",
            ["f.yml:1:10 yaml-syntax: this is not YAML: did not find expected node content while parsing a flow node"],
        ),
        (
            "f.json",
            "{persons: []}",
            [
                "f.json:1:2 yaml-syntax: this is not JSON: expecting property name enclosed in double quotes; mend it, or name the file .yaml"
            ],
        ),
        (
            "f.json",
            '{"persons": []} # x',
            ["f.json:1:17 yaml-syntax: this is not JSON: extra data; mend it, or name the file .yaml"],
        ),
        (
            "f.json",
            '{"persons": [{"id": NaN}]}',
            ["f.json:1:1 yaml-syntax: `NaN` is not JSON; write a finite number or null"],
        ),
        (
            "f.json",
            '{"persons": [], "persons": []}',
            ["f.json:1:17 duplicate-key: `persons` is written twice in one map; keep one of the two"],
        ),
        (
            "f.sql",
            "DROP TABLE persons;",
            ["f.sql:1:1 not-allowed: `DROP` is not allowed in a fixture; write INSERT, UPDATE or DELETE"],
        ),
        (
            "f.sql",
            "INSERT INTO a VALUES ('x\0')",
            ["f.sql:1:25 yaml-syntax: the character U+0000 may not stand in a file; remove it"],
        ),
        ("g.yaml", "", ["f.yaml:1:28 bad-path: there is no fixture `f.yaml`; "]),
    ],
)
def test_mistakes_in_fixtures(folder: Path, name: str, text: str, expected: list[str]) -> None:
    """A fixture's mistake is told in the fixture, a path's at the path."""
    (folder / name).write_text(text)
    path = "f.yaml" if name == "g.yaml" else name
    _, told = loaded(folder, f"database: {{load_fixtures: [{path}]}}")
    assert [True] == [one.startswith(wanted) for one, wanted in zip(told, expected, strict=True)], told


def test_json_characters(folder: Path) -> None:
    """What JSON writes as a pair of escapes is one character, and an escaped backslash stays one."""
    (folder / "f.json").write_text('{"persons": [{"id": "R1", "a": "\\ud83d\\ude00 \\\\ud83d\\\\ude00 \\u00e9 \\/"}]}')
    expected = FrozenMap({"persons": (FrozenMap({"id": "R1", "a": "😀 \\ud83d\\ude00 é /"}),)})
    assert expected == merged(folder, "database: {load_fixtures: [f.json]}")


def test_fixtures_may_be_large(folder: Path) -> None:
    """A fixture may have more rows than a scenario file."""
    rows = ",".join(f'{{"id": "R{n}", "level": {n}}}' for n in range(25_000))
    (folder / "f.json").write_text(f'{{"persons": [{rows}]}}')
    value = merged(folder, "database: {load_fixtures: [f.json]}")
    assert isinstance(value, FrozenMap)
    assert isinstance(value["persons"], tuple)
    assert 25_000 == len(value["persons"])


KEYS = st.sampled_from(["x", "y", "person", "person_id"])
ROWS = st.lists(st.dictionaries(KEYS, st.integers(0, 9), max_size=3), max_size=4)


@given(ROWS, ROWS, st.sampled_from(["deep_merge", "append", "replace"]))
def test_merging_keeps_every_row(base: list[dict[str, int]], later: list[dict[str, int]], strategy: str) -> None:
    """Rows without ids are never merged: all stay, or the later ones replace the earlier."""

    def setup(rows: list[dict[str, int]]) -> MapNode:
        text = ", ".join("{" + ", ".join(f"{key}: {value}" for key, value in row.items()) + "}" for row in rows)
        return map_of(read_tree(Source("f", f"assignments: [{text}]"), Complaints()))

    laid = merge_setups(setup(base), setup(later), strategy, SECTIONS)  # type: ignore[arg-type]
    expected = later if strategy == "replace" else base + later
    assert FrozenMap({"assignments": tuple(FrozenMap(row) for row in expected)}) == plain_value(laid)


# ── SQL ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def split(text: str) -> tuple[list[str], list[str]]:
    """Return the statements of a text, and what is wrong with it."""
    complaints = Complaints()
    made = statements(Source("f.sql", text), complaints)
    return [statement for statement, _ in made], [f"{place(p)} {p.code}: {p.message}" for p in complaints.problems]


def test_sql_fixture(folder: Path) -> None:
    """A SQL fixture comes out as statements with places, and adds no section."""
    (folder / "f.sql").write_text("-- who\nINSERT INTO a VALUES (1);\n\n  UPDATE a SET x = 2\n  WHERE y = ';';\n")
    value, told = loaded(folder, "database: {load_fixtures: [f.sql]}\npersons: []")
    (fixture,) = value.sql_fixtures
    assert ([], str(folder / "f.sql")) == (told, fixture.name)
    places_of = [(text, span.line, span.column) for text, span in fixture.statements]
    assert [("INSERT INTO a VALUES (1)", 2, 1), ("UPDATE a SET x = 2\n  WHERE y = ';'", 4, 3)] == places_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" ;; -- nothing\n/* ; */ ;", []),
        ("insert into a values (1)", ["insert into a values (1)"]),
        ("DELETE FROM a; DELETE FROM b;", ["DELETE FROM a", "DELETE FROM b"]),
        ("INSERT INTO a VALUES ('x;''y;') ; DELETE FROM b", ["INSERT INTO a VALUES ('x;''y;')", "DELETE FROM b"]),
        ('INSERT INTO "a;""b" VALUES (1)', ['INSERT INTO "a;""b" VALUES (1)']),
        ("INSERT INTO a VALUES (1) -- ; no\n; DELETE FROM b", ["INSERT INTO a VALUES (1) -- ; no", "DELETE FROM b"]),
        ("/* a; */ INSERT INTO a VALUES (/* ; */ 1)", ["INSERT INTO a VALUES (/* ; */ 1)"]),
        (r"INSERT INTO a VALUES (E'x\';y')", [r"INSERT INTO a VALUES (E'x\';y')"]),
        (r"INSERT INTO a VALUES ('x\'); DELETE FROM b", [r"INSERT INTO a VALUES ('x\')", "DELETE FROM b"]),
        ("INSERT INTO a VALUES ($$x;'$$, $t$ ; $$ $t$)", ["INSERT INTO a VALUES ($$x;'$$, $t$ ; $$ $t$)"]),
        ("INSERT INTO a$b$ VALUES (1); DELETE FROM a$b$", ["INSERT INTO a$b$ VALUES (1)", "DELETE FROM a$b$"]),
        ("INSERT INTO é$$ VALUES (1); DELETE FROM é$$", ["INSERT INTO é$$ VALUES (1)", "DELETE FROM é$$"]),
        ("INSERT INTO a VALUES ($é$ ; ' $é$)", ["INSERT INTO a VALUES ($é$ ; ' $é$)"]),
    ],
)
def test_statements(text: str, expected: list[str]) -> None:
    """Semicolons in quotes, comments and dollar quotes end nothing."""
    assert (expected, []) == split(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "INSERT INTO a VALUES (1);\nCOMMIT;",
            "2:1 not-allowed: `COMMIT` is not allowed in a fixture; write INSERT, UPDATE or DELETE",
        ),
        ("/**/ select 1", "1:6 not-allowed: `SELECT` is not allowed in a fixture; write INSERT, UPDATE or DELETE"),
        (
            "WITH x AS (SELECT 1) INSERT INTO a SELECT 1",
            "1:1 not-allowed: `WITH` is not allowed in a fixture; write INSERT, UPDATE or DELETE",
        ),
        ("'x'", "1:1 not-allowed: `'` is not allowed in a fixture; write INSERT, UPDATE or DELETE"),
        ("INSERTED INTO a", "1:1 not-allowed: `INSERTED` is not allowed in a fixture; write INSERT, UPDATE or DELETE"),
        ("INSERT INTO a VALUES ('x", "1:23 bad-value: a quote that does not end; close it with `'`"),
        ("INSERT INTO a VALUES (E'x\\'", "1:23 bad-value: a quote that does not end; close it with `'`"),
        ("INSERT INTO a VALUES ($x$ $$", "1:23 bad-value: a quote that does not end; close it with `$x$`"),
        ("DELETE FROM a /* x", "1:15 bad-value: a comment that does not end; close it with `*/`"),
        (
            "DELETE FROM a /* /* */ */",
            "1:15 bad-value: a comment inside a comment; databases read that differently: remove one",
        ),
        ("DELETE FROM `a`", '1:13 bad-value: a name in backticks; databases read that differently: write "name"'),
    ],
)
def test_refused_sql(text: str, expected: str) -> None:
    """F47: what is no plain write, or could hide something else, is refused whole, with its place."""
    assert ([], [expected]) == split(text)


def test_all_refused_statements_are_told() -> None:
    """Every statement that is not allowed is told."""
    _, told = split("BEGIN; DROP TABLE a; DELETE FROM a;VACUUM")
    assert ["1:1", "1:8", "1:36"] == [message.split()[0] for message in told]


PIECES = st.lists(
    st.sampled_from(["'", '"', ";", "--", "\n", "/*", "*/", "$$", "$a$", "E'", "\\", " x ", "INSERT ", "COMMIT"]),
    max_size=12,
)


@given(PIECES.map("".join))
def test_any_sql(text: str) -> None:
    """Whatever is written, only whole statements of the three kinds come out, or the text is refused."""
    made, told = split(text)
    assert not (made and told)
    assert all(statement.startswith("INSERT") for statement in made)
    assert made == [again for statement in made for again in split(statement)[0]]
