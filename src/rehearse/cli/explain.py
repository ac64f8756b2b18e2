"""``rehearse explain``: what a scenario will do, in plain words, before anything runs."""

from __future__ import annotations

from typing import Annotated

import typer

from rehearse.cli.options import Validators  # noqa: TC001  (the command line reads the annotations)


def explain(
    names: Annotated[list[str], typer.Argument(metavar="ID|PATH|SUITE...", help="Which scenarios.")],
    validators: Validators = [],  # noqa: B006  (typer copies it)
) -> int:
    """Say in plain words what scenarios will do. No database and no run is made."""
    from rehearse.cli.catalog import explain_scenarios  # noqa: PLC0415  (start-up stays light)

    return explain_scenarios(tuple(names), tuple(validators))
