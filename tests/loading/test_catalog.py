"""Scenarios are found by path, id and suite, always in the same order, and a broken file harms only itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from rehearse.errors import ScenarioError, ScenarioNotFoundError
from rehearse.loading import scenario_files
from rehearse.loading.catalog import Catalog

if TYPE_CHECKING:
    from pathlib import Path


def scenario(scenario_id: str, more: str = "") -> str:
    """Return a file with one scenario."""
    return f"scenario:\n  id: {scenario_id}\n  name: x\n{more}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A scenario path with two suites, a fixture and a matrix."""
    files = {
        "z-last.yaml": scenario("z-last"),
        "a.yaml": scenario("a"),
        "n1/one.yaml": scenario("n1-one"),
        "n1/night/deep.yaml": scenario("n1-deep"),
        "n1/fixtures/people.yaml": "persons: [{id: R1}]\n",
        "n1-b/other.yaml": scenario("n1-b-other"),
        "both.yaml": "scenarios:\n- {id: both-2, name: x}\n- {id: both-1, name: x}\n",
        "m.yaml": scenario("m", "  matrix: {product: {a: [2, 1]}}\n"),
        "notes.txt": "scenario: [",
        "list.yaml": "- 1\n",
    }
    for name, text in files.items():
        path = tmp_path / "scenarios" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "scenarios"


def ids(found: object) -> list[str]:
    """Return the ids of scenarios."""
    assert isinstance(found, tuple)
    return [written.id for written in found]


def messages(error: ScenarioError) -> list[str]:
    """Return what is wrong, with places."""
    return [
        f"{problem.span.line if problem.span else '-'} {problem.code}: {problem.message}" for problem in error.problems
    ]


def test_all_in_order(root: Path) -> None:
    """Files come by code point of their paths, scenarios as written, a matrix in its order."""
    assert ["a", "both-2", "both-1", "m-2", "m-1", "n1-b-other", "n1-deep", "n1-one", "z-last"] == ids(
        Catalog([root]).all()
    )


def test_order_of_paths(root: Path, tmp_path: Path) -> None:
    """The project's paths come before those that domains ship; a file that lies below two is taken once."""
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "a.yaml").write_text(scenario("shipped"))
    catalog = Catalog([root / "n1", root], bundled=[tmp_path / "shipped"])
    found = catalog.all()
    assert ["n1-deep", "n1-one", "a"] == ids(found)[:3]
    assert "shipped" == ids(found)[-1]
    assert len(found) == len(set(ids(found)))


def test_what_a_scenario_knows_of_its_file(root: Path) -> None:
    """A scenario knows its file, the path below which it was found, and its suite."""
    written = Catalog([root]).by_id("n1-deep")
    assert (root / "n1/night/deep.yaml", root, ("n1", "night")) == (written.path, written.root, written.suite)
    assert str(root / "n1/night/deep.yaml") == written.source.name


def test_by_id(root: Path) -> None:
    """An id names one scenario, of a matrix too."""
    catalog = Catalog([root])
    assert ["both-1", "m-2", "n1-one"] == [catalog.by_id(name).id for name in ("both-1", "m-2", "n1-one")]


def test_unknown_ids(root: Path) -> None:
    """What is not there is told with the nearest."""
    with pytest.raises(ScenarioNotFoundError) as raised:
        Catalog([root]).by_id("n1-oen")
    assert ["- unknown-name: there is no scenario `n1-oen`; did you mean `n1-one`?"] == messages(raised.value)


def test_base_id_of_a_matrix(root: Path) -> None:
    """The base id is no scenario, but a suite."""
    with pytest.raises(ScenarioError) as raised:
        Catalog([root]).by_id("m")
    assert not isinstance(raised.value, ScenarioNotFoundError)
    expected = (
        "- unknown-name: `m` is no scenario but a matrix of 2; name one of them, such as `m-2`, or run the suite `m`"
    )
    assert [expected] == messages(raised.value)
    assert ["m-2", "m-1"] == ids(Catalog([root]).suite("m"))


@pytest.mark.parametrize(
    ("suite", "expected"),
    [("n1", ["n1-deep", "n1-one"]), ("n1/night", ["n1-deep"]), ("n1/night/", ["n1-deep"]), ("n1-b", ["n1-b-other"])],
)
def test_suites(root: Path, suite: str, expected: list[str]) -> None:
    """A suite is a folder with everything below it, not what begins alike."""
    assert expected == ids(Catalog([root]).suite(suite))


def test_names_of_suites(root: Path) -> None:
    """Folders with scenarios and matrices are suites; a folder of fixtures is none."""
    assert ("m", "n1", "n1-b", "n1/night") == Catalog([root]).suites()


@pytest.mark.parametrize("name", ["n2", "", "n1/fixtures", "a", "n1/night/deep"])
def test_unknown_suites(root: Path, name: str) -> None:
    """A folder without scenarios, an id and a file are no suites."""
    with pytest.raises(ScenarioNotFoundError, match="there is no suite"):
        Catalog([root]).suite(name)


def test_select(root: Path) -> None:
    """A person may name a file, an id, a suite or a matrix."""
    catalog = Catalog([root])
    assert ["a"] == ids(catalog.select("a"))
    assert ["n1-deep", "n1-one"] == ids(catalog.select("n1"))
    assert ["m-2", "m-1"] == ids(catalog.select("m"))
    assert ["both-2", "both-1"] == ids(catalog.select(str(root / "both.yaml")))
    with pytest.raises(ScenarioNotFoundError, match="did you mean `n1/night`"):
        catalog.select("n1/nihgt")
    with pytest.raises(ScenarioError, match="cannot be read: no such file"):
        catalog.select(str(root / "none.yaml"))


def test_read_needs_a_scenario(root: Path) -> None:
    """A file that is named must hold one, at any place."""
    with pytest.raises(ScenarioError) as raised:
        Catalog([root]).read(root / "n1/fixtures/people.yaml")
    assert ["1 missing-key: this file holds no scenario; write `scenario:` or `scenarios:` at its top"] == messages(
        raised.value
    )
    read = Catalog([]).read(root / "n1/one.yaml")
    assert [(root / "n1/one.yaml", None, ())] == [(one.path, one.root, one.suite) for one in read]


def test_duplicate_ids(root: Path, tmp_path: Path) -> None:
    """An id is used once in the whole catalog, bundled scenarios included; both places are shown."""
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "x.yaml").write_text(scenario("n1-one"))
    catalog = Catalog([root], bundled=[tmp_path / "shipped"])
    for ask in (catalog.all, lambda: catalog.by_id("n1-one")):
        with pytest.raises(ScenarioError) as raised:
            ask()
        (problem,) = raised.value.problems
        assert ("duplicate-id", "the id `n1-one` is used twice") == (problem.code, problem.summary)
        assert (str(tmp_path / "shipped/x.yaml"), str(root / "n1/one.yaml")) == (
            problem.span.source.name if problem.span else "",
            problem.also[0][1].source.name,
        )
    assert "a" == catalog.by_id("a").id


def test_duplicate_ids_of_a_matrix(root: Path) -> None:
    """Two of one matrix, or a matrix and another, may not meet."""
    (root / "x.yaml").write_text(scenario("x", "  matrix: {product: {a: [1, -1]}}"))
    with pytest.raises(ScenarioError, match="the id `x-1` is used twice"):
        Catalog([root]).all()
    (root / "x.yaml").write_text(scenario("m-2"))
    with pytest.raises(ScenarioError, match="the id `m-2` is used twice"):
        Catalog([root]).by_id("m-2")


def test_a_broken_file_harms_only_itself(root: Path) -> None:
    """Its neighbours are found by id; its mistakes are told when it is meant, or everything is."""
    (root / "broken.yaml").write_text("scenario:\n  id: broken\n  name: [\n")
    (root / "n1" / "bad.yaml").write_text("scenario:\n  id: bad\n  id: bad\n")
    catalog = Catalog([root])
    assert "a" == catalog.by_id("a").id
    with pytest.raises(ScenarioNotFoundError):
        catalog.by_id("nothing")
    for name in ("broken", "bad"):
        with pytest.raises(ScenarioError) as raised:
            catalog.by_id(name)
        assert 1 == len(raised.value.problems)
    with pytest.raises(ScenarioError) as raised:
        catalog.all()
    assert ["yaml-syntax", "duplicate-key"] == [problem.code for problem in raised.value.problems]
    with pytest.raises(ScenarioError, match="duplicate-key"):
        catalog.suite("n1")
    assert "n1-b-other" == catalog.suite("n1-b")[0].id


def test_a_broken_matrix_is_found_by_what_it_would_have_made(root: Path) -> None:
    """Asking for a scenario of a wrong matrix tells what is wrong with the matrix."""
    (root / "w.yaml").write_text(scenario("wrong", "  matrix: {product: {a: 1}}"))
    with pytest.raises(ScenarioError, match="`a` is an int, and must be a list or a range"):
        Catalog([root]).by_id("wrong-1")


@pytest.mark.parametrize(
    "text",
    [
        'scenario: {"id": odd, name: x}',
        'scenario: {id: "\\x6fdd", name: x}',
        "scenario:\n  ? id\n  : odd\n  name: x",
        "scenario:\n  id:\n    odd\n  name: x",
    ],
)
def test_ids_in_any_spelling(root: Path, text: str) -> None:
    """However YAML lets an id be written, it is found."""
    (root / "odd.yaml").write_text(text)
    assert "odd" == Catalog([root]).by_id("odd").id


def test_files_are_parsed_only_when_needed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for an id parses the files in which it may stand, once, until they change."""
    read: list[str] = []
    original = scenario_files.read_file

    def counted(path: Path, complaints: object) -> object:
        read.append(path.name)
        return original(path, complaints)  # type: ignore[arg-type]

    monkeypatch.setattr(scenario_files, "read_file", counted)
    catalog = Catalog([root])
    catalog.by_id("n1-deep")
    catalog.by_id("n1-deep")
    assert ["deep.yaml"] == read
    (root / "n1/night/deep.yaml").write_text(scenario("n1-deep", "  version: 2.0.0\n"))
    assert catalog.by_id("n1-deep").node.get("version") is not None
    assert ["deep.yaml"] * 2 == read


def test_changes_on_disk_are_seen(root: Path) -> None:
    """A file that comes, goes or gets another id is seen by the same catalog."""
    catalog = Catalog([root])
    assert "a" == catalog.by_id("a").id
    (root / "new.yaml").write_text(scenario("new"))
    assert "new" == catalog.by_id("new").id
    (root / "new.yaml").write_text(scenario("newer"))
    assert "newer" == catalog.by_id("newer").id
    with pytest.raises(ScenarioNotFoundError):
        catalog.by_id("new")
    (root / "a.yaml").unlink()
    with pytest.raises(ScenarioError):
        catalog.by_id("a")


def test_odd_files(root: Path, tmp_path: Path) -> None:
    """A path that does not exist holds nothing; what is no regular file of bounded size is told."""
    assert () == Catalog([tmp_path / "none"]).all()
    (root / "dead.yaml").symlink_to(root / "nothing")
    os.mkfifo(root / "pipe.yaml")
    with (root / "big.yaml").open("wb") as file:
        file.truncate(3_000_000)
    catalog = Catalog([root])
    assert "a" == catalog.by_id("a").id
    with pytest.raises(ScenarioError) as raised:
        catalog.all()
    assert {"bad-path", "yaml-limit"} == {problem.code for problem in raised.value.problems}
    assert 3 == len(raised.value.problems)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("scenario:\n  name: x\n", ["1 missing-key: the scenario has no `id`; write `id:`"]),
        ("scenario: {id: n1_simple_001}", ["1 bad-value: `n1_simple_001` is no id; write `n1-simple-001`"]),
        ("scenario: {id: A}", ["1 bad-value: `A` is no id; write `a`"]),
        ("scenario: {id: '!'}", ["1 bad-value: `!` is no id; write lower-case words joined by -"]),
        ("scenario: {id: '${x}'}", ["1 bad-value: `${x}` is no id; write `x`"]),
        ("scenario: {id: 7}", ["1 wrong-type: `id` is an int, and must be text; write words joined by -"]),
        ("scenario: [1]", ["1 wrong-type: a scenario is a map, and this is a list"]),
        ("scenario:", ["1 wrong-type: a scenario is a map, and this is null"]),
        (
            "scenarios: {id: x}",
            ["1 wrong-type: `scenarios` is a map, and must be a list; write `scenario:` for a single one"],
        ),
        ("scenarios: []", ["1 empty: `scenarios` is empty; write at least one scenario"]),
        (
            "scenarios:\n- {id: x}\n- 7\n- {name: y}",
            [
                "3 wrong-type: a scenario is a map, and this is an int",
                "4 missing-key: the scenario has no `id`; write `id:`",
            ],
        ),
        (
            "scenario: {id: x}\nscenarios: []",
            ["2 unknown-key: `scenarios` stands beside `scenario`; put all of them under `scenarios:`"],
        ),
        (
            "x-shelf: 1\nscenario: {id: x}",
            [
                "1 unknown-key: `x-shelf` is not a key of a scenario file; put it under `scenario:`, or into a file of its own"
            ],
        ),
        (
            "scenarios:\n- {id: x}\n- {id: y}\n- {id: x}",
            ["4 duplicate-id: the id `x` is used twice; choose another id"],
        ),
        (
            "scenario: {id: " + "x" * 101 + "}",
            [
                "1 bad-value: the id `"
                + "x" * 59
                + "…` has 101 characters; let it have 100 at most, matrix values included"
            ],
        ),
    ],
)
def test_mistakes_at_the_top(tmp_path: Path, text: str, expected: list[str]) -> None:
    """What is wrong with the frame of a file is told, all of it at once."""
    path = tmp_path / "f.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as raised:
        Catalog([]).read(path)
    assert expected == messages(raised.value)
