"""The server: one socket on this machine's own address, until Ctrl-C."""

from __future__ import annotations

import secrets
import signal
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from rehearse.errors import RehearseError
from rehearse.serve.app import Pages, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rehearse.artifacts.store import ArtifactStore
    from rehearse.serve.feed import Feed

ADDRESS = "127.0.0.1"
PATIENCE = 5
"""Seconds in which answers that are on their way may still be given at the end."""


class PortError(RehearseError):
    """The port cannot be had."""


def serve(store: ArtifactStore, port: int, names: Callable[[], tuple[str, ...]], say: Callable[[str], object]) -> None:
    """Serve the runs of `store` until SIGINT or SIGTERM; what was started from a page is asked to end, and waited for.

    Args:
        store: The runs.
        port: Where; 0 takes any that is free.
        names: Says which scenarios and suites there are.
        say: Told the address and the token, once somebody can ask there.

    Raises:
        PortError: If somebody else has the port.
    """
    with bound(port) as listening:
        taken, token = listening.getsockname()[1], secrets.token_urlsafe(24)
        pages = Pages(Site(store, names, token, taken))
        config = uvicorn.Config(
            pages.app(),
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            lifespan="on",
            timeout_graceful_shutdown=PATIENCE,
        )
        server = _Server(config, pages.feed, lambda: say(_words(store, taken, token)))
        server.run([listening])


def _words(store: ArtifactStore, port: int, token: str) -> str:
    here = f"http://{ADDRESS}:{port}/"
    return (
        f"Runs below {store.root}: {here}\n"
        f"To start runs from there too, open {here}#token={token}\n"
        "Ctrl-C ends the server, and what was started from its page."
    )


@contextmanager
def bound(port: int) -> Iterator[socket.socket]:
    """Take the port on this machine's own address.

    Raises:
        PortError: If it cannot be had.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((ADDRESS, port))
        except OSError as error:
            raise PortError(
                f"port {port} of {ADDRESS} cannot be had ({error.strerror}); name another with --port, or --port 0 for any that is free"
            ) from error
        yield listening
    finally:
        listening.close()


class _Server(uvicorn.Server):
    """Ends the streams that never end by themselves when it is asked to end, and leaves the process alone afterwards."""

    def __init__(self, config: uvicorn.Config, feed: Feed, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._feed = feed
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._feed.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear SIGINT and SIGTERM as a wish to end, and nothing more: the base would end the process with them afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
