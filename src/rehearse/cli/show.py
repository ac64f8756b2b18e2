"""``rehearse show``: the report of a run that is over."""

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
    artifacts: Artifacts = "",
) -> int:
    """Print the report of a stored run."""
    from rehearse.cli.stored import show_run  # noqa: PLC0415  (start-up stays light)

    return show_run(run, format, artifacts)
