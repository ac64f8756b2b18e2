"""The command line: list, check, run, show, judge and clean; one file a command.

Nothing heavy is imported before a command needs it: the database, the templates, the terminal and the domains come last.
"""

from __future__ import annotations


def main() -> None:
    """Perform the command of this process's arguments and end the process with its exit code."""
    from rehearse.cli.app import app  # noqa: PLC0415  (importing the package costs nothing)

    app(prog_name="rehearse")
