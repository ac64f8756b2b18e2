"""The shop comes in by the same door as any domain: an installed distribution with an entry point."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from rehearse.errors import Complaints
from rehearse.loading.documents import Origin, writtens
from rehearse.loading.yaml_tree import read_tree
from rehearse.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rehearse.scenario import Written


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Install the shop for this session."""
    site = tmp_path_factory.mktemp("site")
    metadata = site / "rehearse_shop-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: rehearse-shop\nVersion: 1.0\n")
    module = f"{__package__}.shop_domain" if __package__ else "shop_domain"
    (metadata / "entry_points.txt").write_text(f"[rehearse.domains]\nshop = {module}:SHOP\n")
    sys.path.append(str(site))
    yield site
    sys.path.remove(str(site))


@pytest.fixture
def write(shop: Path) -> Callable[[str], Written]:
    """Return the one scenario that a text holds."""
    del shop

    def read(text: str) -> Written:
        complaints = Complaints()
        source = Source("shop.yaml", text)
        tree = read_tree(source, complaints)
        assert tree is not None
        (written,) = writtens(tree, Origin(source), complaints)
        complaints.raise_if_any()
        return written

    return read
