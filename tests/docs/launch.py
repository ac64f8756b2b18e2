"""What a shell of the documentation's tests calls as ``rehearse`` and ``python``; see ``warm.py``. Imports next to nothing."""

import json
import os
import signal
import socket
import sys


def main() -> int:
    """Have the warm interpreter perform this process's arguments, and return the exit code."""
    order = {"arguments": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}  # noqa: PTH109  (pathlib is slow to import)
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(os.environ["WARM_INTERPRETER"])
        socket.send_fds(door, [json.dumps(order).encode()], [0, 1, 2])
        answers = door.makefile("r")
        child = int(answers.readline())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: os.kill(child, number))
        return int(answers.readline() or 1)


if __name__ == "__main__":
    sys.exit(main())
