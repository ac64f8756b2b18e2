"""``rehearse report``: the report of many stored runs."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from rehearse.cli.options import Artifacts, Pages  # noqa: TC001  (the command line reads the annotations)


def report(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID|PATH|SUITE...", help="Which scenarios; by default all that have a run."),
    ] = None,
    to: Annotated[
        str,
        typer.Option(
            metavar="DIR|FILE.html",
            help="Where the pages go; by default `report` beside the runs. A folder gets JSON, JUnit and Markdown too.",
        ),
    ] = "",
    pages: Pages = "all",
    format: Annotated[  # noqa: A002  (the option's name)
        Literal["html", "json", "junit", "markdown"],
        typer.Option("--format", "-f", help="The pages, or the suite alone on standard output."),
    ] = "html",
    artifacts: Artifacts = "",
) -> int:
    """Write the report of many runs: one page for all, one for each.

    It shows the newest stored run of each scenario: how all came out, what failed and why, what is flaky, how that was the last times.
    `show` prints one run; a suite is many files that link to each other, so it has a command of its own. `run --report` writes the same of
    the runs that it just made. The pages open from disk and ask for nothing from elsewhere.
    """
    from rehearse.cli.reporting import report_stored  # noqa: PLC0415  (start-up stays light)

    return report_stored(tuple(names or ()), to, format, artifacts, pages=pages)
