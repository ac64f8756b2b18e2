"""What `from rehearse import …` gives: signatures and docstrings, from the code itself."""

from __future__ import annotations

import inspect
import re
from dataclasses import is_dataclass
from typing import TYPE_CHECKING

import rehearse

if TYPE_CHECKING:
    from collections.abc import Iterator

INTRODUCTION = """\
# The Python API

Made from the code by `python -m reference`. Every name is imported from `rehearse`. [From Python](../how-to/use-from-python.md) shows them at
work; [coming from the seed document](../coming-from-the-seed.md) maps those of that document.
"""

CHAPTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Running",
        (
            "run_scenario_full",
            "run_scenario_suite",
            "run_scenarios_parallel",
            "run_scenario_with_retry",
            "enable_query_cache",
        ),
    ),
    ("Results", ("ScenarioResult",)),
    ("Loading", ("ScenarioLoader", "ScenarioStructureValidator", "ScenarioParser")),
    (
        "By hand",
        (
            "ScenarioSetup",
            "PreconditionChecker",
            "ScenarioExecutor",
            "StateCaptureManager",
            "ResultValidator",
            "validator",
        ),
    ),
    ("Watching", ("ProgressMonitor", "LogCaptureManager", "MetricsCollector")),
    ("Evidence and backups", ("ArtifactManager", "BackupManager", "restore_from_backup", "delete_backup")),
    (
        "Errors",
        (
            "RehearseError",
            "ScenarioError",
            "Problem",
            "ScenarioNotFoundError",
            "PreconditionFailedError",
            "ScenarioTimeoutError",
            "ScenarioFailedError",
            "GuardRefusedError",
        ),
    ),
)
"""Which names belong together, in the order in which a reader needs them."""


def python_page() -> str:
    """Return the page.

    Raises:
        ValueError: If a public name has no place in a chapter.
    """
    homeless = set(rehearse.__all__) - {name for _, names in CHAPTERS for name in names} - {"__version__"}
    if homeless:
        raise ValueError(f"give these names a place in CHAPTERS: {sorted(homeless)}")
    lines = [INTRODUCTION.rstrip()]
    for title, names in CHAPTERS:
        lines += ["", f"## {title}"]
        for name in names:
            lines += ["", *_entry(name, getattr(rehearse, name))]
    return "\n".join(lines) + "\n"


def _entry(name: str, thing: object) -> Iterator[str]:
    yield f"### `{name}`"
    yield ""
    if not inspect.isclass(thing):
        yield from _callable(name, thing)
        return
    bases = ", ".join(base.__name__ for base in thing.__bases__ if base is not object)
    yield from _signature(f"class {name}{f'({bases})' if bases else _made_from(thing)}")
    yield from _doc(thing)
    for own, member in vars(thing).items():
        if own.startswith("_") or not (callable(member) or isinstance(member, property)):
            continue
        yield from ("", f"#### `{name}.{own}`", "")
        if isinstance(member, property):
            yield from _signature(f"{own}: {_returns(member.fget)}")
            yield from _doc(member)
        else:
            yield from _callable(own, member)


def _callable(name: str, thing: object) -> Iterator[str]:
    function = inspect.unwrap(thing)  # type: ignore[arg-type]  # whatever is no class and no property is called
    word = "async def" if inspect.iscoroutinefunction(function) else "def"
    signature = inspect.signature(function)
    kept = [item for item in signature.parameters.values() if item.name != "self"]
    yield from _signature(f"{word} {name}{_plain(signature.replace(parameters=kept))}")
    yield from _doc(thing)


def _made_from(kind: type) -> str:
    """What a class is called with; a record is made by the engine alone."""
    if is_dataclass(kind) or "__init__" not in vars(kind):
        return ""
    return _plain(inspect.signature(kind)).removesuffix(" -> None")


def _signature(text: str) -> Iterator[str]:
    yield "```python"
    yield text if len(text) <= LONGEST else _wrapped(text)
    yield "```"


LONGEST = 90
"""A longer signature has a line for each parameter."""


def _wrapped(text: str) -> str:
    head, _, rest = text.partition("(")
    depth, pieces = 0, [""]
    for position, sign in enumerate(rest):
        depth += (sign in "([{") - (sign in ")]}")
        if depth < 0:
            tail = rest[position:]
            break
        if sign == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += sign
    else:
        raise ValueError(f"no signature: {text}")
    return "\n".join([f"{head}(", *(f"    {piece.strip()}," for piece in pieces), tail])


def _plain(signature: inspect.Signature) -> str:
    text = str(signature).replace("'", "")
    return re.sub(r"\b(?:rehearse|collections|pathlib|datetime)(?:\.\w+)*\.(?=[A-Z])", "", text)


def _returns(getter: object) -> str:
    return str(inspect.signature(getter).return_annotation).replace("'", "")  # type: ignore[arg-type]


def _doc(thing: object) -> Iterator[str]:
    """A docstring as Markdown: the sections of Google's style become lists."""
    yield ""
    inside = False
    for line in (inspect.getdoc(thing) or "").splitlines():
        if re.fullmatch(r"(Args|Returns|Raises|Attributes|Yields):", line):
            inside = True
            yield from (f"**{line.removesuffix(':')}**", "")
        elif inside and re.match(r" {4}\S", line):
            yield re.sub(r"^ {4}(\w+(?:, \w+)*): ", r"- `\1`: ", line).replace("    ", "- ").replace("``", "`")
        elif inside and line.startswith("      "):
            yield f"  {line.strip()}".replace("``", "`")
        else:
            inside = inside and bool(line)
            yield line.replace("``", "`")
