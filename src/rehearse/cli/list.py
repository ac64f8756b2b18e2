"""``rehearse list``: which scenarios there are, or which runs."""

from __future__ import annotations

from typing import Annotated

import typer

from rehearse.cli.options import Artifacts, Json  # noqa: TC001  (the command line reads the annotations)


def list_(  # noqa: PLR0913, PLR0917  (each is an option of the command)
    suite: Annotated[str, typer.Option(metavar="SUITE", help="Only this suite.")] = "",
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Only those with this tag; repeatable, all must be there.")
    ] = None,
    category: Annotated[str, typer.Option(metavar="NAME", help="Only this category.")] = "",
    priority: Annotated[
        str, typer.Option(metavar="NAME", help="Only this priority: critical, high, medium, low.")
    ] = "",
    runs: Annotated[
        bool,
        typer.Option("--runs", help="The stored runs of these scenarios: outcome, age, size, how long each stays."),
    ] = False,
    json: Json = False,
    artifacts: Artifacts = "",
) -> int:
    """List the scenarios of project and domains, or stored runs."""
    from rehearse.cli.catalog import Selection, chosen, list_scenarios  # noqa: PLC0415  (start-up stays light)

    selection = Selection(suite, tuple(tag or ()), category, priority)
    if not runs:
        return list_scenarios(selection, as_json=json)
    from rehearse.cli.keeping import list_runs  # noqa: PLC0415  (likewise)

    everything = selection == Selection()
    return list_runs(None if everything else {entry.id for entry in chosen(selection)}, artifacts, as_json=json)
