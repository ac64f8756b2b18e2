"""``rehearse fmt``: lay out scenario files."""

from __future__ import annotations

from typing import Annotated

import typer


def fmt(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE|FOLDER...", help="Which files; by default all of the project."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit code 1 if a file would change.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Change nothing; print what would change.")] = False,
) -> int:
    """Put scenario files into canonical order and layout.

    Keys come in the order of the format, with the comments above them; two spaces a level; no needless empty lines. What a file says never
    changes: the result is read again and compared, and where it cannot be had the file stays as it is and is told.
    """
    from rehearse.cli.formatting import format_files  # noqa: PLC0415  (start-up stays light)

    return format_files(tuple(files or ()), check=check, diff=diff)
