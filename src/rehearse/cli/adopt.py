"""``rehearse adopt``: declare an existing database fit for rehearsals."""

from __future__ import annotations

from typing import Annotated

import typer


def adopt(
    url: Annotated[str, typer.Argument(metavar="URL", help="The database, which must exist.")],
    environment: Annotated[str, typer.Option(metavar="NAME", help="What it is for: test, ci …")] = "test",
) -> int:
    """Mark an existing database as one to rehearse on.

    Its name and kind are held to the guard's conditions; anything that smells of production is refused. The mark is a table in the database.
    """
    from rehearse.cli.engine import adopted  # noqa: PLC0415  (start-up stays light)

    consent = adopted(url, environment)
    typer.echo(f"adopted: a run may change it with --consent {consent}")
    return 0
