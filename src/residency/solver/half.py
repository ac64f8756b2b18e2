"""``python -m residency.solver.half PIPE``: the program that `Apart` starts."""

from __future__ import annotations

import os
import sys
import threading
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from residency.solver.generate import PartSolver
from residency.solver.rolling import week_by_week

if TYPE_CHECKING:
    from residency.solver.apart import Errand
    from residency.solver.rolling import Half
    from residency.solver.solve import Progress

    Link = Connection[Progress | Half, Errand]


def main() -> None:
    """Take an errand from the pipe whose number is the argument, and answer it there."""
    pipe: Link = Connection(int(sys.argv[1]))
    errand = pipe.recv()
    threading.Thread(target=_end_with_parent, args=(pipe,), daemon=True).start()
    solver = PartSolver(errand.effort, pipe.send, None)
    pipe.send(week_by_week(errand.problem, errand.span, solver.solve))


def _end_with_parent(pipe: Link) -> None:
    """The parent says nothing more; when it is gone, there is nobody to work for."""
    try:
        pipe.recv()
    except (EOFError, OSError):
        os._exit(1)


if __name__ == "__main__":
    main()
