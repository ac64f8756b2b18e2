"""Every page of the documentation and the README: their blocks run, in order, as a reader would run them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from docs.blocks import blocks_of
from docs.performing import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from docs.performing import Reader

TUTORIAL = "docs/tutorial"
PERFORMED_ELSEWHERE = {"docs/reference/residency.md", "docs/reference/python.md"}
"""Examples that are pieces of scenarios, which tests/report/test_reference.py performs; signatures, which are made from the code."""


MOST_NOT_RUN = 12


def test_few_blocks_are_not_run() -> None:
    """What the documentation shows without its being performed is the exception, and stays so."""
    blocks = [block for pages in journeys().values() for page in pages for block in blocks_of(page)]
    assert len([block for block in blocks if not block.is_run]) <= MOST_NOT_RUN < len(blocks) / 10


def journeys() -> dict[str, tuple[Path, ...]]:
    """Return what is read in one go: each page by itself, and the tutorial from its first step to its last."""
    found: dict[str, tuple[Path, ...]] = {}
    for page in (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))):
        name = str(page.relative_to(REPOSITORY))
        if name not in PERFORMED_ELSEWHERE and blocks_of(page):
            key = TUTORIAL if name.startswith(f"{TUTORIAL}/") else name
            found[key] = (*found.get(key, ()), page)
    return found


@pytest.mark.parametrize(("name", "pages"), journeys().items(), ids=journeys())
def test_a_page_does_what_it_says(name: str, pages: tuple[Path, ...], reader: Callable[[str], Reader]) -> None:
    """Each block is performed in a fresh project, and prints what the page says that it prints."""
    del name
    at_work = reader("\n".join(page.read_text(encoding="utf-8") for page in pages))
    for page in pages:
        for block in blocks_of(page):
            try:
                at_work.perform(block)
            except Exception as error:
                error.add_note(f"at {page.relative_to(REPOSITORY)}:{block.line}")
                raise
