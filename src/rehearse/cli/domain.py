"""``rehearse domain``: the reference of a domain, made from its own declarations."""

from __future__ import annotations

from typing import Annotated

import typer


def domain(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which domain; by default all are listed.")] = "",
) -> int:
    """Print the reference of a domain: what its words mean."""
    from rehearse.cli.catalog import describe_domain  # noqa: PLC0415  (start-up stays light)

    return describe_domain(name)
