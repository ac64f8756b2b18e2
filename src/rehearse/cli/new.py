"""``rehearse new``: begin a scenario."""

from __future__ import annotations

from typing import Annotated

import typer


def new(  # noqa: PLR0913, PLR0917  (each is an option of the command)
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="Of the new scenario: lower-case words joined by -. By default counted.")
    ] = "",
    template: Annotated[
        str, typer.Option("--template", "-t", metavar="NAME", help="What to begin with; see --list.")
    ] = "",
    title: Annotated[
        str, typer.Option("--name", metavar="TEXT", help="One line for people; by default the template's.")
    ] = "",
    answers: Annotated[
        list[str],
        typer.Option("--set", metavar="VARIABLE=VALUE", help="The answer to a question of the template; repeatable."),
    ] = [],  # noqa: B006  (typer copies it)
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="By default ID.yaml below the first scenario path.")
    ] = "",
    domain: Annotated[str, typer.Option("--domain", metavar="NAME", help="Whose templates and words.")] = "residency",
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: what is not said is as in the template.")
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="Print the templates and what they ask, and end.")] = False,
) -> int:
    """Begin a scenario from a template: a commented file that runs as it is written.

    In a terminal it asks, question by question; elsewhere, and with --yes, the template's own answers are taken. It replaces no file, and
    refuses an id that is taken.
    """
    from rehearse.cli.beginning import Wishes, begin, list_templates  # noqa: PLC0415  (start-up stays light)

    if listed:
        return list_templates(domain)
    return begin(
        Wishes(
            identity=identity,
            template=template,
            title=title,
            answers=tuple(answers),
            output=output,
            domain=domain,
            asking=not yes,
        )
    )
