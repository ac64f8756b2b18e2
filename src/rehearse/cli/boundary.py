"""Where errors end: an author's mistake is shown with its place, a defect with its traceback, and each has its exit code."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, ParamSpec

import typer

from rehearse.errors import GuardRefusedError, RehearseError, ScenarioError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")

PASSED, FAILED, MISTAKE, ERROR = 0, 1, 2, 3
INTERRUPTED = 130
"""As a shell reports a process that Ctrl-C ended."""


class CallerError(RehearseError):
    """The command line asks for what there is not; nothing ran."""


def bounded(command: Callable[P, int]) -> Callable[P, None]:
    """Return `command` as the command line calls it: its exit code, or that of what it raised, ends the process."""

    @functools.wraps(command)
    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        _let_text_pass()
        raise typer.Exit(_code_of(functools.partial(command, *args, **kwargs)))

    return call


def _code_of(command: Callable[[], int]) -> int:
    try:
        return command()
    except ScenarioError as error:
        _complain(str(error))
        return MISTAKE
    except (CallerError, GuardRefusedError) as error:
        _complain(f"error: {error}")
        return MISTAKE
    except RehearseError as error:
        _complain(f"error: {error}")
        return ERROR
    except BrokenPipeError:
        sys.stdout = open_nowhere()
        return ERROR
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except Exception:  # noqa: BLE001  (the process's boundary: a defect is shown whole)
        from traceback import format_exc  # noqa: PLC0415  (only defects need it)

        _complain(f"error: a defect of Rehearse or of a domain\n{format_exc().rstrip()}")
        return ERROR


def _complain(text: str) -> None:
    from rehearse.report.visible import visible  # noqa: PLC0415  (only what went wrong needs it)

    sys.stderr.write(f"{visible(text)}\n")
    sys.stderr.flush()


def open_nowhere() -> object:
    """Return a stream that swallows what is flushed at the end, once the reader of our output is gone."""
    import os  # noqa: PLC0415  (only a broken pipe needs it)

    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123  (lives as long as the process)


def _let_text_pass() -> None:
    """A terminal that cannot show a character gets its escape, not an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")
