"""``rehearse check`` on a folder of broken scenarios: every message on record is printed, and nothing is made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rehearse.report.visible import visible

CORPUS = Path(__file__).parent.parent / "loading" / "broken"
ROOT = Path(__file__).parent.parent.parent
FEWEST = 60
ONLY_BY_NAME = "file-without-scenario"
"""A file without a scenario is passed over in a folder (a fixture, say); it is a mistake only if it was named."""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A copy of the corpus in an otherwise empty place, with the shop installed beside it and an empty home."""
    shutil.copytree(CORPUS, tmp_path / "here" / "broken")
    (tmp_path / "here" / "outside.yaml").write_text("products: [{id: P9}]\n", encoding="utf-8")
    metadata = tmp_path / "site" / "rehearse_shop-1.0.dist-info"
    metadata.mkdir(parents=True)
    (tmp_path / "home").mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: rehearse-shop\nVersion: 1.0\n", encoding="utf-8")
    entry_point = "[rehearse.domains]\nshop = tests.loading.shop_domain:SHOP\n"
    (metadata / "entry_points.txt").write_text(entry_point, encoding="utf-8")
    return tmp_path / "here" / "broken"


def checked(corpus: Path, *paths: str) -> subprocess.CompletedProcess[str]:
    """Run ``rehearse check`` inside the corpus."""
    place = corpus.parent.parent
    path = os.pathsep.join([str(place / "site"), str(ROOT), str(ROOT / "src")])
    home = str(place / "home")
    return subprocess.run(
        [sys.executable, "-m", "rehearse", "check", *paths],
        cwd=corpus,
        env={**os.environ, "PYTHONPATH": path, "HOME": home, "XDG_CACHE_HOME": home, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_message_of_the_corpus_is_printed_and_nothing_is_made(corpus: Path) -> None:
    """At least sixty broken files are told to the letter by one command, which leaves no file, run or database behind."""
    place = corpus.parent.parent
    before = sorted(place.rglob("*"))
    done = checked(corpus, ".")
    told = {golden.stem: visible(golden.read_text(encoding="utf-8")) for golden in CORPUS.glob("*.txt")}
    silent = [name for name, text in told.items() if any(message not in done.stdout for message in text.split("\n\n"))]
    assert (done.returncode, done.stderr) == (2, "")
    assert silent == [ONLY_BY_NAME]
    assert len(told) >= FEWEST
    assert sorted(place.rglob("*")) == before


def test_a_file_that_was_named_must_hold_a_scenario(corpus: Path) -> None:
    """Named, the file that a folder's check passes over is a mistake, too."""
    done = checked(corpus, f"{ONLY_BY_NAME}.yaml")
    golden = (CORPUS / f"{ONLY_BY_NAME}.txt").read_text(encoding="utf-8")
    assert done.returncode == 2
    assert golden.strip() in done.stdout
