"""The documentation's site in a real browser, from a server and from disk."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faces.browser import Visit

pytestmark = pytest.mark.browser

REPOSITORY = Path(__file__).parents[2]
PAGES = ("index.html", "tutorial/2-write.html", "how-to/read-a-failure.html", "reference/scenario-file.html")
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=True,
        timeout=120,
    )
    return folder


class Silent(SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's name)
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder to this machine, at the address given."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""
    with served(site) as place:
        yield place


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_for_everybody(visit: Visit, address: str, name: str) -> None:
    """Light and dark, axe finds nothing serious, and on a phone nothing but a table or a block is wider than the screen."""
    page = visit.open(f"{address}/{name}")
    assert [] == visit.serious()
    page.get_by_title("Dark").locator("visible=true").click()
    page.wait_for_selector("body[data-md-color-scheme=slate]")
    assert [] == visit.serious()
    page.set_viewport_size(PHONE)
    assert PHONE["width"] >= page.evaluate("document.documentElement.scrollWidth")


@pytest.mark.parametrize("served_by", ["server", "disk"])
def test_a_word_is_found(visit: Visit, site: Path, address: str, served_by: str) -> None:
    """The search is built in and needs nobody, not even a server."""
    page = visit.open(site / "index.html" if served_by == "disk" else f"{address}/index.html")
    page.get_by_role("textbox", name="Search").press_sequentially("serial_equivalence")
    page.wait_for_selector(".md-search-result__item a[href*='rehearse-a-race.html']")
