"""Who may ask for what: only this machine, only under its own name, and nothing is changed without the token.

A page from elsewhere that a browser has open can send requests here too. It gets nothing: its name is not ours (rebinding), its origin
is not ours, no answer allows another origin to read it, and it does not know the token.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""Stand in every answer; one that brings its own content policy keeps it."""

MISDIRECTED = 421
FORBIDDEN = 403
READING = ("GET", "HEAD")


class Guard:
    """Stands before the application: asks every request for host and origin, and puts `HEADERS` on every answer."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = hosts_of(port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it in one line."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = refusal_of(scope["method"], Headers(scope=scope), self._hosts)
        answer = PlainTextResponse(f"{refusal[1]}\n", refusal[0]) if refusal else self._app
        await answer(scope, receive, sealed)


def hosts_of(port: int) -> frozenset[str]:
    """Return the names under which a server on this port of this machine may be asked."""
    names = ("127.0.0.1", "localhost")
    return frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == 80 else frozenset())  # noqa: PLR2004  (HTTP's own port goes without saying)


def refusal_of(method: str, headers: Headers, hosts: frozenset[str]) -> tuple[int, str] | None:
    """Return status and reason if a request must not be answered, else None."""
    host = headers.get("host", "").lower()
    if len(headers.getlist("host")) != 1 or host not in hosts:
        return MISDIRECTED, "this server answers under 127.0.0.1 and localhost only"
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        return FORBIDDEN, "requests from other sites are refused"
    site, mode = headers.get("sec-fetch-site", "none"), headers.get("sec-fetch-mode", "navigate")
    is_elsewhere = site not in {"none", "same-origin"}
    if is_elsewhere and (method not in READING or mode != "navigate"):
        return FORBIDDEN, "requests from other sites are refused"
    return None


def is_token(given: str, token: str) -> bool:
    """Whether what was given is the token; how long the answer takes says nothing of how much of it was right."""
    return hmac.compare_digest(given.encode(errors="replace"), token.encode())
