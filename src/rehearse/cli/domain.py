"""``rehearse domain``: the reference of a domain, made from its own declarations."""

from __future__ import annotations

from typing import Annotated, Literal

import typer


def domain(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which domain; by default all are listed.")] = "",
    format: Annotated[  # noqa: A002  (the option's name)
        Literal["text", "markdown"], typer.Option("--format", "-f", help="How to print it.")
    ] = "text",
) -> int:
    """Print the reference of a domain: what its words mean."""
    from rehearse.cli.catalog import describe_domain  # noqa: PLC0415  (start-up stays light)

    return describe_domain(name, form=format)
