"""A page under observation: what it asked for, what it complained of, and what a checker of accessibility says of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

PROGRAMS = Path(__file__).parent / "node_modules"
AXE = PROGRAMS / "axe-core" / "axe.min.js"
LANGUAGE_SERVER = PROGRAMS / ".bin" / "yaml-language-server"

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"

LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
RUN_AXE = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .filter(found => ["serious", "critical"].includes(found.impact))
    .map(found => `${found.id}: ${found.nodes.map(node => node.html).slice(0, 3).join(" | ")}`)"""


class Visit:
    """One page.

    Attributes:
        page: Playwright's page.
        complaints: Every error of the console and of a script, in order.
        strangers: Every address asked for that is neither a file nor this machine.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"file", "data", "blob"} and address.netloc.rpartition(":")[0] not in LOOPBACK:
            self.strangers.append(request.url)

    def open(self, place: Path | str) -> Page:
        """Open a file or an address and return the page."""
        self.page.goto(place.as_uri() if isinstance(place, Path) else place)
        return self.page

    def serious(self) -> list[str]:
        """Return what axe finds serious or critical on the page as it stands now.

        The checker is handed over by the debugger's door, so a page's content policy neither stops it nor is softened.
        """
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[str] = self.page.evaluate(RUN_AXE)
        return found

    def picture(self, name: str, *, whole: bool = False) -> None:
        """Take a picture of the window, or of the whole page; with REHEARSE_UPDATE_PICTURES=1 it is kept for the documentation."""
        taken = self.page.screenshot(full_page=whole, animations="disabled")
        assert taken.startswith(b"\x89PNG")
        if os.environ.get("REHEARSE_UPDATE_PICTURES") == "1":
            PICTURES.mkdir(exist_ok=True)
            (PICTURES / f"{name}.png").write_bytes(taken)
