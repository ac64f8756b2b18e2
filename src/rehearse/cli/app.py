"""The program is one tuple of functions."""

from __future__ import annotations

from typing import Annotated

import typer

from rehearse.cli.adopt import adopt
from rehearse.cli.boundary import bounded
from rehearse.cli.check import check
from rehearse.cli.clean import clean
from rehearse.cli.domain import domain
from rehearse.cli.explain import explain
from rehearse.cli.fmt import fmt
from rehearse.cli.inspect import inspect
from rehearse.cli.judge import judge
from rehearse.cli.list import list_
from rehearse.cli.new import new
from rehearse.cli.report import report
from rehearse.cli.run import run
from rehearse.cli.schema import schema
from rehearse.cli.serve import serve
from rehearse.cli.show import show

COMMANDS = (
    ("list", list_),
    ("new", new),
    ("check", check),
    ("fmt", fmt),
    ("explain", explain),
    ("run", run),
    ("show", show),
    ("serve", serve),
    ("report", report),
    ("judge", judge),
    ("inspect", inspect),
    ("clean", clean),
    ("domain", domain),
    ("schema", schema),
    ("adopt", adopt),
)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _name, _command in COMMANDS:
    app.command(_name)(bounded(_command))


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415  (only who asks pays for it)

        typer.echo(f"rehearse {version('rehearse')}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Rehearse the bad day: run written scenarios against a real database and prove what they did.

    Exit codes: 0 all passed; 1 an expectation failed; 2 a mistake of the author, nothing ran; 3 an error, a timeout or an unknown outcome.
    """
