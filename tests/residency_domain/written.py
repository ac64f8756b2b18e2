"""Set-ups in YAML, read by the engine as any scenario is."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING

from rehearse.errors import Complaints, Problem, ScenarioError
from rehearse.loading.documents import Origin, writtens
from rehearse.loading.load import Loaded, load_written
from rehearse.loading.yaml_tree import read_tree
from rehearse.source import Source

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "scenario:\n  name: A trial\n  id: trial\n  description: d\n  rationale: r\n  category: integration\n"
STEP = "  test_case:\n    operation: send_notifications\n"
END = "  expected_outcome: {success: true}\n"


def scenario(setup: str, *, steps: str = "", head: str = "") -> str:
    """Return a scenario with this set-up, and perhaps these steps."""
    text = HEAD + _block(head, "  ") + "  setup:\n" + _block(setup, "    ")
    test_case = "  test_case:\n    operations:\n" + _block(steps, "      ") if steps else STEP
    return text + test_case + END


def _block(text: str, by: str) -> str:
    return indent(dedent(text).strip("\n"), by) + "\n"


def load(text: str, path: Path | None = None) -> Loaded:
    """Load a scenario; ScenarioError with every mistake."""
    complaints = Complaints()
    source = Source(str(path) if path else "trial.yaml", text)
    tree = read_tree(source, complaints)
    complaints.raise_if_any()
    assert tree is not None
    (written,) = writtens(tree, Origin(source, path), complaints)
    return load_written(written)


def problems(text: str, path: Path | None = None) -> tuple[Problem, ...]:
    """Return every mistake of a scenario."""
    try:
        load(text, path)
    except ScenarioError as error:
        return error.problems
    return ()


def marked(problem: Problem) -> str:
    """Return what the caret stands under."""
    assert problem.span is not None
    line = problem.span.source.line(problem.span.line)
    return line[problem.span.column - 1 : problem.span.end_column - 1]
