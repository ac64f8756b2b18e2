"""``rehearse run``: perform scenarios."""

from __future__ import annotations

from typing import Annotated

import typer

from rehearse.cli.options import Artifacts, Json, Pages, Validators  # noqa: TC001  (the command line reads the annotations)


def run(  # noqa: PLR0913, PLR0917  (each is an option of the command)
    names: Annotated[list[str] | None, typer.Argument(metavar="ID|PATH|SUITE...", help="What to run.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Run every scenario there is.")] = False,
    database: Annotated[
        str,
        typer.Option(
            metavar="sqlite|bundled|URL",
            help="Where databases of one's own come from: SQLite (default), the PostgreSQL that installs along, or a server. "
            "With --consent: an existing database, which is guarded, backed up and put back.",
        ),
    ] = "sqlite",
    consent: Annotated[
        str, typer.Option(metavar="NAME", help="The full name of the existing database that this run may change.")
    ] = "",
    timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0.001, help="Deadline of the steps, instead of the scenario's."),
    ] = None,
    retry: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=10, help="Attempts in all after timeouts and transient faults."),
    ] = None,
    jobs: Annotated[int, typer.Option(metavar="N", min=1, help="Scenarios at a time.")] = 1,
    orders: Annotated[
        int, typer.Option(metavar="N", min=1, max=50_000, help="Orders of concurrent steps that are tried.")
    ] = 1,
    debug: Annotated[
        bool, typer.Option("--debug", help="Keep database and artifacts; log parameter values of own databases.")
    ] = False,
    keep_failed: Annotated[
        bool, typer.Option("--keep-failed", help="Keep the own database of a run that did not pass.")
    ] = False,
    report: Annotated[
        str,
        typer.Option(
            metavar="DIR|FILE.html",
            help="Write the report: a page of all runs that links to one of each; into a folder JSON, JUnit and Markdown too.",
        ),
    ] = "",
    pages: Pages = "all",
    json: Json = False,
    artifacts: Artifacts = "",
    validators: Validators = [],  # noqa: B006  (typer copies it)
) -> int:
    """Perform scenarios and report what they did.

    Each has a database of its own. Nothing runs as long as any of them has a mistake. Ctrl-C ends politely: what was begun is cleaned up and
    reported; a second one ends at once.
    """
    from rehearse.cli.rehearsal import RunOptions, rehearse  # noqa: PLC0415  (start-up stays light)

    return rehearse(
        RunOptions(
            names=tuple(names or ()),
            everything=everything,
            database=database,
            consent=consent,
            timeout=timeout,
            retry=retry,
            jobs=jobs,
            orders=orders,
            debug=debug,
            keep_failed=keep_failed,
            report=report,
            pages=pages,
            json=json,
            artifacts=artifacts,
            validators=tuple(validators),
        )
    )
