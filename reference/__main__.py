"""Write every page that is made from the code."""

from __future__ import annotations

import sys

from reference import FOLDER, pages

for name, make in pages().items():
    path = FOLDER / name
    text = make()
    changed = not path.exists() or path.read_text(encoding="utf-8") != text
    path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{'written' if changed else 'unchanged'}  {path}\n")
