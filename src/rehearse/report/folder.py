"""The folder of a run that this process has made, read as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rehearse.errors import ArtifactError


@dataclass(frozen=True)
class Folder:
    """The files of a run, whether it is marked complete or only just ending."""

    path: Path

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are there; none if the folder is gone."""
        return tuple(sorted(path.name for path in self.path.iterdir())) if self.path.is_dir() else ()

    def read(self, name: str) -> str:
        """Return a file's text.

        Raises:
            ArtifactError: If it cannot be read.
        """
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ArtifactError(f"cannot read {self.path / name}: {error}") from error
