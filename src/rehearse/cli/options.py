"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import typer

Artifacts: TypeAlias = Annotated[
    str,
    typer.Option(
        "--artifacts", metavar="DIR", help="Where runs are kept; by default .rehearse beside the project file."
    ),
]
Validators: TypeAlias = Annotated[
    list[str],
    typer.Option(
        "--validators", metavar="MODULE", help="A module whose registered validators may be called; repeatable."
    ),
]
Pages: TypeAlias = Annotated[
    Literal["all", "unmet"],
    typer.Option("--pages", help="Which runs get a page of their own in the report: all, or those that did not pass."),
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="JSON lines on standard output, everything else on standard error.")
]
