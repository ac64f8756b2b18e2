"""The one command that declares a database fit for rehearsals, by writing a marker into it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rehearse.database.conditions import count_rows, kind_reasons
from rehearse.database.deadline import Deadline
from rehearse.database.identity import Identity, identity_of
from rehearse.database.links import open_link
from rehearse.database.marker import Marker, marker_for, read_markers, write_marker
from rehearse.database.naming import DEFAULT_PATTERNS, name_reasons, production_word
from rehearse.errors import GuardRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.database.links import Link

_SECONDS: Final = 60.0
_COUNTED_AT_MOST: Final = 100_000_000
_ENVIRONMENT: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Adoption:
    """What adopting a database wrote.

    Attributes:
        marker: The marker that is in it now.
        replaced: The markers that were in it before: its own, or one that came along with copied data.
    """

    marker: Marker
    replaced: tuple[Marker, ...] = ()

    @property
    def consent(self) -> str:
        """What consent has to name from now on."""
        return self.marker.identity.full_name


@dataclass(frozen=True)
class _Leave:
    """Leave to write the marker over one connection; nothing else in the package makes one."""

    link: int

    def check(self, link: Link) -> None:
        if link.number != self.link:
            raise GuardRefusedError(link.target, ["a marker is written over the connection that was looked at"])


def adopt(url: str, environment: str, *, patterns: Iterable[str] = DEFAULT_PATTERNS) -> Adoption:
    """Mark the database of `url` as one that may be rehearsed on, for `environment` (``test``, ``ci`` …).

    The name and kind of the database are held to the guard's own conditions. A marker that is there is replaced.

    Raises:
        GuardRefusedError: If the database, its name or the environment smell of production, or it cannot be asked.
        BackupError: If it cannot be reached.
    """
    link = open_link(url, Deadline.after(_SECONDS))
    try:
        identity = identity_of(link)
        reasons = [*name_reasons(identity, patterns), *kind_reasons(link), *_environment_reasons(environment)]
        if reasons:
            raise GuardRefusedError(identity.full_name, reasons)
        return _adopted(link, identity, environment)
    finally:
        link.close()


def _adopted(link: Link, identity: Identity, environment: str) -> Adoption:
    try:
        replaced = read_markers(link)
    except (ValueError, LookupError):  # a marker that cannot be read is replaced like any other
        replaced = ()
    marker = marker_for(identity, environment, count_rows(link, _COUNTED_AT_MOST))
    write_marker(link, marker, _Leave(link.number))
    return Adoption(marker, replaced)


def _environment_reasons(environment: str) -> tuple[str, ...]:
    if not _ENVIRONMENT.fullmatch(environment):
        return (f"{environment!r} is no environment: lower-case letters, digits, - and _, a letter first",)
    word = production_word(environment)
    return (f"nothing is rehearsed in the environment {environment!r}",) if word else ()
