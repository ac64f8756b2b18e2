"""An editor with one file open: it speaks to a language server as editors do, over the server's standard input and output."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

Message: TypeAlias = dict[str, Any]

PATIENCE = 60.0
"""Seconds after which a server that says nothing is given up; a live one answers in a fraction of one."""

WATCH = Path(__file__).with_name("network_watch.cjs")

CURSOR = "|"
SETTINGS = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        "schemaStore": {"enable": False, "url": ""},
        "kubernetesCRDStore": {"enable": False},
    },
}
"""No schema comes from a store."""


@dataclass(frozen=True)
class Underlined:
    """A mistake as an editor shows it: the words that are underlined, and what is said about them."""

    text: str
    message: str


class Editor:
    """A language server that runs, and the files that were opened in it; the server sees no network."""

    def __init__(self, program: str, folder: Path) -> None:
        self._folder = folder
        self._watched = folder / "network"
        self._server = subprocess.Popen(
            [program, "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, "NODE_OPTIONS": f"--require={WATCH}", "REHEARSE_NETWORK_WATCH": str(self._watched)},
        )
        self._heard: queue.Queue[Message | None] = queue.Queue()
        self._complaints: dict[str, list[Message]] = {}
        self._number = 0
        self._reader = threading.Thread(target=self._listen, args=(_stream(self._server.stdout),), daemon=True)
        self._reader.start()
        capabilities = {
            "textDocument": {
                "completion": {
                    "completionItem": {"snippetSupport": True, "documentationFormat": ["markdown", "plaintext"]}
                },
                "hover": {"contentFormat": ["markdown", "plaintext"]},
                "publishDiagnostics": {},
            },
            "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": False}},
        }
        root = folder.as_uri()
        self._request("initialize", {"processId": None, "rootUri": root, "capabilities": capabilities})
        self._notify("initialized", {})
        self._notify("workspace/didChangeConfiguration", {"settings": SETTINGS})

    @property
    def strangers(self) -> list[str]:
        """What the server asked of the network; it was refused."""
        return self._watched.read_text(encoding="utf-8").splitlines() if self._watched.exists() else []

    def close(self) -> None:
        """End the server as an editor does, and wait for its end."""
        self._request("shutdown", None)
        self._notify("exit", None)
        self._server.wait(PATIENCE)
        self._reader.join(PATIENCE)
        for stream in (self._server.stdin, self._server.stdout):
            _stream(stream).close()

    def underlined(self, text: str) -> list[Underlined]:
        """Open a file with this text and return what is underlined in it."""
        uri = self._open(text)
        while uri not in self._complaints:
            self._hear()
        lines = text.split("\n")
        return [Underlined(_piece(lines, found["range"]), found["message"]) for found in self._complaints[uri]]

    def offered(self, text: str) -> dict[str, Message]:
        """Open a file whose text has a cursor, ``|``, and return what is offered there, by its label."""
        uri, position = self._place(text)
        answer = self._request("textDocument/completion", {"textDocument": {"uri": uri}, "position": position})
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return {item["label"]: item for item in items}

    def told(self, text: str) -> str:
        """Open a file whose text has a cursor and return what is shown to who points there."""
        uri, position = self._place(text)
        answer = self._request("textDocument/hover", {"textDocument": {"uri": uri}, "position": position})
        return "" if answer is None else str(answer["contents"]["value"])

    # ── files ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _place(self, text: str) -> tuple[str, Message]:
        before, cursor, after = text.partition(CURSOR)
        assert cursor, "the text has no cursor"
        uri = self._open(before + after)
        return uri, {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}

    def _open(self, text: str) -> str:
        """Write the next file and open it; a file of its own each time, so that no answer is an older text's."""
        self._number += 1
        file = self._folder / f"file_{self._number}.yaml"
        file.write_text(text, encoding="utf-8")
        document = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._notify("textDocument/didOpen", {"textDocument": document})
        return file.as_uri()

    # ── messages ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _request(self, method: str, params: object) -> Any:
        self._number += 1
        wanted = self._number
        self._send({"id": wanted, "method": method, "params": params})
        while True:
            message = self._hear()
            if message.get("id") == wanted and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]

    def _notify(self, method: str, params: object) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = _stream(self._server.stdin)
        stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        stream.flush()

    def _hear(self) -> Message:
        """Return the server's next message; what it asks is answered, what it complains of is kept."""
        message = self._heard.get(timeout=PATIENCE)
        assert message is not None, "the language server has ended"
        method = message.get("method")
        if method == "textDocument/publishDiagnostics":
            self._complaints[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message and method is not None:
            self._send({"id": message["id"], "result": _answer(method, message.get("params"))})
        return message

    def _listen(self, stream: IO[bytes]) -> None:
        while header := stream.readline():
            size = 0
            while header.strip():
                name, _, value = header.decode().partition(":")
                size = int(value) if name.lower() == "content-length" else size
                header = stream.readline()
            self._heard.put(json.loads(stream.read(size)))
        self._heard.put(None)


def _answer(method: str, params: Message | None) -> object:
    if method == "workspace/configuration" and params is not None:
        return [SETTINGS.get(item.get("section", "")) for item in params["items"]]
    return None


def _piece(lines: list[str], place: Message) -> str:
    start, end = place["start"], place["end"]
    line = lines[start["line"]]
    return line[start["character"] : end["character"] if end["line"] == start["line"] else None]


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
