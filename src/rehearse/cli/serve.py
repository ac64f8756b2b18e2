"""``rehearse serve``: runs as they happen, and the history, in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from rehearse.cli.options import Artifacts  # noqa: TC001  (the command line reads the annotations)

PORT = 8321


def serve(
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65_535, help="Where; 0 takes any port that is free.")
    ] = PORT,
    artifacts: Artifacts = "",
) -> int:
    """Show runs as they happen, and the history, in a browser.

    On this machine only. Whoever opens the address with the token may start runs from the page; everybody else may only look.
    """
    from rehearse.cli.serving import serve_runs  # noqa: PLC0415  (start-up stays light)

    return serve_runs(artifacts, port)
