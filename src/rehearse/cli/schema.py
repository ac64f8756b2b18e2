"""``rehearse schema``: the JSON Schema by which an editor completes scenario files and underlines mistakes."""

from __future__ import annotations

from typing import Annotated

import typer


def schema(
    name: Annotated[str, typer.Option("--domain", metavar="NAME", help="Whose words the scenarios use.")] = "residency",
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Write it there instead of printing it.")
    ] = "",
) -> int:
    """Print the JSON Schema of scenario files.

    Put `# yaml-language-server: $schema=FILE` on the first line of a scenario file, or name FILE in the editor's settings.
    """
    from rehearse.cli.catalog import print_schema  # noqa: PLC0415  (start-up stays light)

    return print_schema(name, output)
