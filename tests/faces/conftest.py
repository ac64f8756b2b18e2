"""A Chromium for each test process, and a fresh page for each test, that may speak to this machine only."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from faces.browser import AXE, LANGUAGE_SERVER, Visit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def missing(what: str) -> None:
    """Skip the test, or fail it where every face must be shown."""
    message = f"{what} is not installed: tests/faces/install says why"
    if os.environ.get("REHEARSE_ALL_FACES") == "1":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window; while it is open no test of this process can have an event loop of its own."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None or not AXE.exists():
        missing("Chromium" if program is None else "axe-core")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """A page that records what it asks for and complains of; at the end it must have done neither."""
    context = chromium.new_context(locale="en-GB", timezone_id="UTC", reduced_motion="reduce")
    visit = Visit(context.new_page())
    yield visit
    context.close()
    assert [] == visit.complaints
    assert [] == visit.strangers


@pytest.fixture(scope="session")
def language_server() -> str:
    """The command of the editor's language server for YAML."""
    if not LANGUAGE_SERVER.exists() or shutil.which("node") is None:
        missing("yaml-language-server")
    return str(LANGUAGE_SERVER)
