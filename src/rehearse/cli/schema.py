"""``rehearse schema``: the JSON Schema by which an editor completes scenario files and underlines mistakes."""

from __future__ import annotations

from typing import Annotated

import typer


def schema(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE|FOLDER...", help="With --modeline: which files; by default all of the project."),
    ] = None,
    name: Annotated[str, typer.Option("--domain", metavar="NAME", help="Whose words the scenarios use.")] = "residency",
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Write it there instead of printing it.")
    ] = "",
    modeline: Annotated[
        bool,
        typer.Option(
            "--modeline",
            help="Write it to scenario.schema.json beside the project file (or --output), and name it on the first line of "
            "scenario files, where editors look for it.",
        ),
    ] = False,
) -> int:
    """Print the JSON Schema of scenario files, or let editors know of it.

    Editors complete keys, operations, measures and enums by it, show what they mean, and underline mistakes.
    """
    from rehearse.cli.editors import print_schema, tell_editors  # noqa: PLC0415  (start-up stays light)

    if modeline:
        return tell_editors(tuple(files or ()), name, output)
    return print_schema(tuple(files or ()), name, output)
