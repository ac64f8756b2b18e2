"""``rehearse inspect``: whether a database, or what a run left of one, is whole."""

from __future__ import annotations

from typing import Annotated

import typer

from rehearse.cli.options import Artifacts  # noqa: TC001  (the command line reads the annotations)


def inspect(
    target: Annotated[
        str,
        typer.Argument(metavar="RUN|URL", help="A stored run by its id or its scenario's, or an existing database."),
    ],
    domain: Annotated[
        str, typer.Option(metavar="NAME", help="Whose database it is, by default residency; a run knows its own.")
    ] = "",
    artifacts: Artifacts = "",
) -> int:
    """Say whether a database is whole: every invariant that always holds is asked of it, and what is broken is told.

    An existing database is only read. Exit codes: 0 all hold; 1 one is broken; 3 one could not be asked.
    """
    from rehearse.cli.inspection import inspect_target  # noqa: PLC0415  (start-up stays light)

    return inspect_target(target, domain, artifacts)
