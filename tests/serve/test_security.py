"""Who may ask, decided from headers alone."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from rehearse.serve.security import hosts_of, is_token, refusal_of


@pytest.mark.parametrize(
    ("method", "headers", "refused"),
    [
        ("GET", {"host": "127.0.0.1:8321"}, False),
        ("GET", {"host": "LOCALHOST:8321"}, False),
        ("GET", {"host": "localhost:8322"}, True),
        ("GET", {"host": "localhost"}, True),
        ("GET", {"host": "127.0.0.1:8321.evil.example"}, True),
        ("GET", {"host": "[::1]:8321"}, True),
        ("GET", {}, True),
        ("POST", {"host": "localhost:8321", "origin": "http://localhost:8321"}, False),
        ("POST", {"host": "localhost:8321", "origin": "http://127.0.0.1:8321"}, True),
        ("POST", {"host": "localhost:8321", "origin": "https://localhost:8321"}, True),
        ("POST", {"host": "localhost:8321", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, True),
        ("GET", {"host": "localhost:8321", "sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, True),
    ],
)
def test_requests(method: str, headers: dict[str, str], refused: bool) -> None:  # noqa: FBT001  (it is the case)
    """Only our own names count, only our own pages may send forms, and a link from elsewhere may be followed."""
    assert refused == (refusal_of(method, Headers(headers), hosts_of(8321)) is not None)


def test_two_hosts_are_none() -> None:
    """A request that names two hosts is answered under neither."""
    raw = [(b"host", b"localhost:8321"), (b"host", b"evil.example")]
    assert refusal_of("GET", Headers(raw=raw), hosts_of(8321)) is not None


def test_the_port_of_http_goes_without_saying() -> None:
    """On port 80 browsers leave it out."""
    assert {"localhost", "127.0.0.1", "localhost:80", "127.0.0.1:80"} == hosts_of(80)


@pytest.mark.parametrize("given", ["", "secre", "secrets", "\udcff", "ß"])
def test_no_token(given: str) -> None:
    """Anything but the token is none, whatever letters it is made of."""
    assert not is_token(given, "secret")
    assert is_token("secret", "secret")
