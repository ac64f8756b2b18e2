"""``rehearse check``: every mistake of every author, without a database."""

from __future__ import annotations

from typing import Annotated

import typer

from rehearse.cli.options import Validators  # noqa: TC001  (the command line reads the annotations)


def check(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH|ID|SUITE...", help="Files, folders, ids or suites; by default all there is."),
    ] = None,
    validators: Validators = [],  # noqa: B006  (typer copies it)
) -> int:
    """Show every mistake with its place and a remedy.

    No database and no run is made. The exit code is 2 if there is a mistake; notes stop nothing.
    """
    from rehearse.cli.catalog import check_scenarios  # noqa: PLC0415  (start-up stays light)

    return check_scenarios(tuple(paths or ()), tuple(validators))
