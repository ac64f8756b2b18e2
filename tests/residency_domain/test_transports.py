"""Mail leaves through a server of the machine, or it does not leave."""

from __future__ import annotations

import socketserver
import threading

from residency.transports import smtp

NOTICE = {"id": "step1:1", "kind": "coverage_alert", "recipient": "PD", "text": "ward is short"}


class Postbox(socketserver.StreamRequestHandler):
    """Speaks just enough SMTP to take one message."""

    def handle(self) -> None:
        """Answer every command, and keep what comes after DATA."""
        self._say("220 ready")
        for line in iter(self.rfile.readline, b""):
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                self._say("354 go on")
                self.server.letters.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())  # type: ignore[attr-defined]
            elif word == b"QUIT":
                self._say("221 bye")
                return
            self._say("250 fine")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


def test_a_notice_is_handed_to_the_mail_server() -> None:
    """With its recipient, its kind as the subject, and its text."""
    with socketserver.TCPServer(("127.0.0.1", 0), Postbox) as server:
        server.letters = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert smtp(NOTICE, host="127.0.0.1", port=server.server_address[1])
        thread.join(10)
        (letter,) = server.letters  # type: ignore[attr-defined]
    assert "To: PD@localhost" in letter
    assert "Subject: coverage alert" in letter
    assert letter.rstrip().endswith("ward is short")


def test_a_closed_door_is_a_failure_and_no_crash() -> None:
    """Nobody listens there."""
    with socketserver.TCPServer(("127.0.0.1", 0), Postbox) as server:
        port = server.server_address[1]
    assert not smtp(NOTICE, host="127.0.0.1", port=port)
