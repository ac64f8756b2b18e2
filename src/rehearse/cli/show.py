"""``rehearse show``: the report of a run that is over, or of two beside each other."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from rehearse.cli.options import Artifacts  # noqa: TC001  (the command line reads the annotations)


def show(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or a scenario's for its newest run.")],
    format: Annotated[  # noqa: A002  (the option's name)
        Literal["text", "json", "yaml", "markdown", "html", "junit"],
        typer.Option("--format", "-f", help="How to show it."),
    ] = "text",
    diff: Annotated[
        str,
        typer.Option(
            metavar="OTHER",
            help="Compare the end states of both runs instead: rows that only one has, and changed cells. As text, json or html.",
        ),
    ] = "",
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Write it there instead of printing it.")
    ] = "",
    artifacts: Artifacts = "",
) -> int:
    """Print a stored run's report, or compare it with another."""
    from rehearse.cli.stored import show_difference, show_run  # noqa: PLC0415  (start-up stays light)

    if diff:
        return show_difference(run, diff, format, artifacts, output)
    return show_run(run, format, artifacts, output)
