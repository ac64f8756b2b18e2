"""A Python session as a notebook has it: blocks share their names, and ``await`` may stand at the top of one.

Reads one block a line, as a JSON text; after what a block prints it writes its outcome between two marks.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import sys
import traceback

MARK = "\x1e"


async def session() -> None:
    """Run blocks until standard input ends."""
    names: dict[str, object] = {"__name__": "__main__"}
    for number, line in enumerate(sys.stdin, start=1):
        outcome = "done"
        try:
            code = compile(json.loads(line), f"<block {number}>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            answer = eval(code, names)  # noqa: S307  (the documentation is what is tested)
            if inspect.isawaitable(answer):
                await answer
        except Exception:  # noqa: BLE001  (whatever a block raises is its outcome)
            traceback.print_exc(file=sys.stdout)
            outcome = "failed"
        sys.stdout.write(f"{MARK}{outcome}{MARK}")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.path.insert(0, "")
    asyncio.run(session())
