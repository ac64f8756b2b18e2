"""A line to a PostgreSQL server that breaks in chosen ways: a process of its own, so that nothing in the tested one can hold it up."""

from __future__ import annotations

import os
import select
import socket
import struct
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

NO_LINGER = struct.pack("ii", 1, 0)


class Proxy:
    """Forwards a loopback port to the server of `url`; `tell` changes what it does.

    Words: ``pass`` · ``freeze`` (nothing is forwarded any more) · ``reset TEXT``, ``lose-answer TEXT``, ``lose-request TEXT``: the connection
    whose client sends TEXT next is reset at once, or has the answer swallowed and is reset, or never has the request delivered.
    """

    def __init__(self, url: str) -> None:
        self._target = parse_qs(urlsplit(url).query)["host"][0] + "/.s.PGSQL.5432"
        self.url = ""

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(
            [sys.executable, __file__, self._target], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._child.stdout is not None
        port = self._child.stdout.readline().strip()
        self.url = f"postgresql://rehearse@127.0.0.1:{port}/postgres"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.kill()
        self._child.communicate()

    def tell(self, words: str) -> None:
        """Change the proxy's behaviour; returns once it has."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(words + "\n")
        self._child.stdin.flush()
        assert self._child.stdout.readline().strip() == words


class Forwarder:
    """The proxy's own process."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._peer: dict[socket.socket, socket.socket] = {}
        self._clients: set[socket.socket] = set()
        self._deaf: set[socket.socket] = set()
        self._word, self._text = "pass", b""

    def run(self) -> None:
        """Forward until killed."""
        self.say(str(self._listener.getsockname()[1]))
        while True:
            frozen = self._word == "freeze"
            lines = [] if frozen else [line for line in self._peer if line not in self._deaf]
            ready, _, _ = select.select([sys.stdin, *([] if frozen else [self._listener]), *lines], [], [])
            for line in ready:
                if line is sys.stdin:
                    self._obey(os.read(0, 1000).decode().strip())
                elif line is self._listener:
                    self._accept()
                elif line in self._peer:
                    self._forward(line)

    def say(self, words: str) -> None:
        """Tell the parent."""
        sys.stdout.write(words + "\n")
        sys.stdout.flush()

    def _obey(self, words: str) -> None:
        if not words:
            raise SystemExit
        self._word, _, text = words.partition(" ")
        self._text = text.encode()
        self.say(words)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._target)
        self._peer[client], self._peer[server] = server, client
        self._clients.add(client)

    def _forward(self, line: socket.socket) -> None:
        try:
            data = line.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._close(line)
            return
        if line in self._clients and self._text and self._text in data:
            self._break(line, data)
            return
        self._deliver(line, data)

    def _deliver(self, line: socket.socket, data: bytes) -> None:
        try:
            self._peer[line].sendall(data)
        except OSError:
            self._close(line)

    def _break(self, client: socket.socket, data: bytes) -> None:
        word, self._text = self._word, b""
        server = self._peer[client]
        if word == "lose-answer":
            server.sendall(data)
            server.recv(65536)
        self._reset(client)
        if word == "lose-request":
            self._deaf.add(server)
        else:
            self._close(server)

    def _reset(self, client: socket.socket) -> None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self._peer.pop(client, None)
        self._clients.discard(client)
        client.close()

    def _close(self, line: socket.socket) -> None:
        other = self._peer.pop(line, None)
        line.close()
        self._clients.discard(line)
        if other is not None and other in self._peer:
            self._peer.pop(other)
            self._clients.discard(other)
            other.close()


if __name__ == "__main__":
    Forwarder(sys.argv[1]).run()
