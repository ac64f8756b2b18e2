"""The site: it builds without a warning, and asks nobody for anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from docs.performing import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; a link that leads nowhere would have ended the build."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    ended = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert 0 == ended.returncode, ended.stdout + ended.stderr
    return folder


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    """No page names a script, a style, a font or a picture on another machine."""
    fetched = re.compile(r"""(?:\bsrc=|<link[^>]*\bhref=)["']?(?:https?:)?//""")
    pages = sorted(site.rglob("*.html"))
    assert pages
    assert [] == [str(page) for page in pages if fetched.search(page.read_text(encoding="utf-8"))]


def test_every_page_is_in_the_menu(site: Path) -> None:
    """A reader who begins anywhere finds every page."""
    menu = (site / "index.html").read_text(encoding="utf-8")
    pages = [page.relative_to(REPOSITORY / "docs").with_suffix(".html") for page in (REPOSITORY / "docs").rglob("*.md")]
    assert [] == [str(page) for page in pages if f'href="{page}"' not in menu]
