"""``rehearse list``: which scenarios there are."""

from __future__ import annotations

from typing import Annotated

import typer

from rehearse.cli.options import Json  # noqa: TC001  (the command line reads the annotations)


def list_(
    suite: Annotated[str, typer.Option(metavar="SUITE", help="Only this suite.")] = "",
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Only those with this tag; repeatable, all must be there.")
    ] = None,
    category: Annotated[str, typer.Option(metavar="NAME", help="Only this category.")] = "",
    priority: Annotated[
        str, typer.Option(metavar="NAME", help="Only this priority: critical, high, medium, low.")
    ] = "",
    json: Json = False,
) -> int:
    """List the scenarios of the project and the domains."""
    from rehearse.cli.catalog import Selection, list_scenarios  # noqa: PLC0415  (start-up stays light)

    return list_scenarios(Selection(suite, tuple(tag or ()), category, priority), as_json=json)
