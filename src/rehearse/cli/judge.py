"""``rehearse judge``: judge a stored run again, without a database."""

from __future__ import annotations

from typing import Annotated

import typer

from rehearse.cli.options import Artifacts, Json, Validators  # noqa: TC001  (the command line reads the annotations)


def judge(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or a scenario's for its newest run.")],
    expect: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="A file with `expected_outcome`, or a scenario file; by default the run's own."
        ),
    ] = "",
    json: Json = False,
    artifacts: Artifacts = "",
    validators: Validators = [],  # noqa: B006  (typer copies it)
) -> int:
    """Judge a stored run again, without a database.

    The evidence is that of the run, the expectations are its own or edited ones. Exit codes as for run.
    """
    from rehearse.cli.stored import judge_run  # noqa: PLC0415  (start-up stays light)

    return judge_run(run, expect, artifacts, tuple(validators), as_json=json)
