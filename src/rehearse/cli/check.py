"""``rehearse check``: every mistake of every author, without a database."""

from __future__ import annotations

from typing import Annotated

import typer

from rehearse.cli.options import Validators  # noqa: TC001  (the command line reads the annotations)


def check(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Files, folders, ids or suites; by default all there is."),
    ] = None,
    validators: Validators = [],  # noqa: B006  (typer copies it)
) -> int:
    """Read scenarios and show every mistake with its place and a remedy. Exit code 2 if there is one."""
    from rehearse.cli.catalog import check_scenarios  # noqa: PLC0415  (start-up stays light)

    return check_scenarios(tuple(paths or ()), tuple(validators))
