"""``rehearse clean``: remove what nobody needs any more."""

from __future__ import annotations

from typing import Annotated

import typer

from rehearse.cli.options import Artifacts  # noqa: TC001  (the command line reads the annotations)


def clean(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    artifacts: Artifacts = "",
) -> int:
    """Remove runs whose time is over and the rest of killed ones.

    A run stays as many days as its scenario says (30 if it says nothing), one that did not pass at least 90, one in debug mode for ever.
    The newest run of a scenario and its newest passed one stay longer, and so does whatever is being read or written.
    Each run is named with why it goes, its age and its size. `rehearse list --runs` shows what is kept.
    """
    from rehearse.cli.keeping import clean_up  # noqa: PLC0415  (start-up stays light)

    return clean_up(artifacts, dry_run=dry_run)
