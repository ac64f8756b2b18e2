"""Who may import whom, read from the source itself: the layers of ARCHITECTURE.md hold, whatever a review overlooks."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parent.parent / "src"
LAYERS = (
    ("errors", "source", "values", "fields", "rule", "panels", "scenario", "expectation", "codec", "loading.tree"),
    (
        "loading",
        "domain",
        "registry",
        "project",
        "measures",
        "deferred",
        "validators",
        "snapshot.model",
        "column_kinds",
    ),
    ("plan", "writing"),
    ("database", "snapshot", "expect"),
    ("run",),
    ("artifacts", "report"),
    ("api", "cli", "pytest_plugin", "serve", "testing", "__main__", ""),
)
"""Bottom first; the empty name is ``rehearse/__init__.py``. The longest name that fits counts."""
TERMINAL = ("rich", "typer", "click", "jinja2")
DESTRUCTIVE = re.compile(r"\b(?:DROP|TRUNCATE|RENAME|TEMPLATE)\b")


@dataclass(frozen=True)
class Import:
    """One import: who, what, and where it stands."""

    module: str
    target: str
    line: int

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


@cache
def trees() -> dict[str, ast.Module]:
    """Every module of both packages with its syntax tree."""
    return {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))}


def name_of(path: Path) -> str:
    """The dotted name of a file."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports() -> tuple[Import, ...]:
    """Every import that happens at run time, inside functions too; those for type checkers alone are left out."""
    return tuple(found for module, tree in trees().items() for found in imports_of(module, tree))


def imports_of(module: str, tree: ast.Module) -> Iterator[Import]:
    """The run-time imports of one module."""
    unseen: list[ast.AST] = [tree]
    while unseen:
        node = unseen.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            unseen += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (Import(module, alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: imports are absolute"
            yield from (Import(module, resolved(node.module or "", alias.name), node.lineno) for alias in node.names)
        unseen += ast.iter_child_nodes(node)


def resolved(module: str, name: str) -> str:
    """``from rehearse.run import act`` means the module, ``from rehearse.errors import Problem`` the module it comes from."""
    return f"{module}.{name}" if f"{module}.{name}" in trees() else module


def layer(module: str) -> int:
    """The layer of a module of the engine, from the bottom."""
    name = module.removeprefix("rehearse").removeprefix(".")
    while True:
        for height, names in enumerate(LAYERS):
            if name in names:
                return height
        assert "." in name, f"{module} has no layer yet"
        name = name.rpartition(".")[0]


def inside(module: str, package: str) -> bool:
    """Whether `module` is `package` or lies in it."""
    return module == package or module.startswith(f"{package}.")


def offenders(target: str, *allowed: str) -> list[str]:
    """Imports of `target` from anywhere but the packages that may."""
    return [
        str(found)
        for found in imports()
        if inside(found.target, target) and not any(inside(found.module, package) for package in allowed)
    ]


def test_layers_import_downward_only() -> None:
    """No module imports one of a higher layer; the engine's layers are those of ARCHITECTURE.md."""
    upward = [
        str(found)
        for found in imports()
        if inside(found.module, "rehearse")
        and inside(found.target, "rehearse")
        and layer(found.module) < layer(found.target)
    ]
    assert upward == []


def test_every_module_has_a_layer() -> None:
    """A new module of the engine finds its place in the layers before it is merged."""
    heights = {module: layer(module) for module in trees() if inside(module, "rehearse")}
    assert set(heights.values()) == set(range(len(LAYERS)))


def test_the_engine_knows_no_domain() -> None:
    """`rehearse` never imports `residency`: the bundled domain comes in by its entry point."""
    assert [found for found in offenders("residency") if found.startswith("rehearse")] == []


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("ortools", ("residency.solver",)),
        (
            "numpy",
            ("residency.solver", "residency.suspects", "residency.contingency.screen", "residency.contingency.sweep"),
        ),
        ("matplotlib", ("rehearse.report.html.pictures",)),
        ("pytest", ("rehearse.pytest_plugin", "rehearse.testing")),
        ("_pytest", ("rehearse.pytest_plugin", "rehearse.testing")),
        ("psycopg", ("rehearse.database", "rehearse.snapshot")),
        ("sqlite3", ("rehearse.database",)),
        ("starlette", ("rehearse.serve",)),
        ("uvicorn", ("rehearse.serve",)),
        ("yaml", ("rehearse.writing", "rehearse.loading", "rehearse.report")),
    ],
)
def test_a_library_stays_in_its_place(library: str, allowed: tuple[str, ...]) -> None:
    """What only one part of the system needs is imported by that part alone."""
    assert offenders(library, *allowed) == []


@pytest.mark.parametrize("library", TERMINAL)
def test_terminal_libraries_stay_at_the_top(library: str) -> None:
    """The engine emits events; only the command line and the reports know what a terminal or a template is."""
    assert offenders(library, "rehearse.cli", "rehearse.report") == []


def test_the_server_runs_nothing() -> None:
    """`rehearse serve` reads runs from disk and starts them as processes: what performs a scenario is no part of it."""
    performing = ("rehearse.run.run", "rehearse.run.suite", "rehearse.run.act", "rehearse.database.open")
    assert [] == [found for target in performing for found in offenders(target) if found.startswith("rehearse.serve")]


def test_rules_and_solver_are_strangers() -> None:
    """A bug that rules and solver shared would pass both, so neither imports the other."""
    assert [found for found in offenders("residency.rules") if found.startswith("residency.solver")] == []
    assert [found for found in offenders("residency.solver") if found.startswith("residency.rules")] == []


def test_the_domain_uses_the_seam() -> None:
    """A domain needs records and a reader of YAML: no store, no run, no report, no command line."""
    names = (*LAYERS[0], "domain", "validators", "snapshot", "loading.files", "loading.yaml_tree")
    seam = tuple(f"rehearse.{name}" for name in names)
    beyond = [
        str(found)
        for found in imports()
        if inside(found.module, "residency")
        and inside(found.target, "rehearse")
        and not any(inside(found.target, module) for module in seam)
    ]
    assert beyond == []


def test_destructive_statements_stand_in_the_database_layer() -> None:
    """DROP, TRUNCATE, TEMPLATE and RENAME are written where the guard is, and nowhere else in the engine."""
    found = [
        f"{module}:{line}: {text[:60]!r}"
        for module, tree in trees().items()
        if inside(module, "rehearse") and not inside(module, "rehearse.database")
        for line, text in texts(tree)
        if DESTRUCTIVE.search(text)
    ]
    assert found == []


@pytest.mark.parametrize(("method", "allowed"), [("backup", ("rehearse.database",)), ("executescript", ())])
def test_dangerous_calls_stay_in_their_place(method: str, allowed: tuple[str, ...]) -> None:
    """A database is copied over another in one layer only; `executescript`, which commits what is open, is called nowhere."""
    found = [
        f"{module}:{node.lineno}"
        for module, tree in trees().items()
        if not any(inside(module, package) for package in allowed)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method
    ]
    assert found == []


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every text of a module with its line, docstrings apart."""
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def test_the_reader_of_imports_sees_what_it_must() -> None:
    """Imports in functions and in try blocks count, those for type checkers do not."""
    tree = ast.parse(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import ortools\n"
        "def f():\n    import rich\n"
        "try:\n    from rehearse import errors\nexcept ImportError:\n    from rehearse.errors import Problem\n"
    )
    assert {found.target for found in imports_of("m", tree)} == {"typing", "rich", "rehearse.errors"}
    assert dict(texts(ast.parse('"""DROP"""\nx = f"DROP {1}"'))) == {2: "DROP "}
