"""What the pages call as ``pip``: installs the project in the current folder for editing, without a network and without building.

``pip install --editable .`` leaves the project's modules where they are and makes its entry points known; so does this.
"""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path


def main() -> int:
    """Install, or say what this cannot do."""
    words = [word for word in sys.argv[1:] if word not in {"--quiet", "-q"}]
    if words not in (["install", "--editable", "."], ["install", "-e", "."]):
        sys.stderr.write(f"the documentation's tests have no network for: pip {' '.join(sys.argv[1:])}\n")
        return 1
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    place = Path(os.environ["PYTHONPATH"].split(os.pathsep)[-1])
    about = place / f"{project['name']}-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8"
    )
    groups = project.get("entry-points", {})
    lines = [
        line
        for group, points in groups.items()
        for line in (f"[{group}]", *(f"{name} = {to}" for name, to in points.items()))
    ]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (place / f"{project['name']}.pth").write_text(f"{Path.cwd()}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
