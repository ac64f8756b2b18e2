"""The guard: one function that asks a live connection who it is, and gives a clearance or refuses with every reason.

Whatever changes a database that is not of our own making takes a clearance as its argument. A clearance is good for one
run, one identity and one connection. What is not known counts as a refusal; nothing here ever writes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rehearse.database.conditions import consent_reasons, kind_reasons, marker_reasons, size_reasons
from rehearse.database.identity import Identity, identity_of
from rehearse.database.naming import DEFAULT_PATTERNS, name_reasons
from rehearse.database.transient import safe_message
from rehearse.errors import GuardRefusedError

if TYPE_CHECKING:
    from rehearse.database.links import Link

_SEAL: Final = object()
Condition = Callable[[], tuple[str, ...]]


@dataclass(frozen=True)
class GuardRequest:
    """What a run expects to find, and what it was allowed.

    Attributes:
        run: The run that asks.
        planned: The identity that the run was planned for.
        consent: Full names of databases that may be touched in this run (`Identity.full_name`); nothing by default.
        patterns: Names that may be touched at all.
        known_rows: Rows of the last known fixture, if larger than when the database was adopted.
    """

    run: str
    planned: Identity
    consent: tuple[str, ...] = ()
    patterns: tuple[str, ...] = DEFAULT_PATTERNS
    known_rows: int = 0


@dataclass(frozen=True)
class Clearance:
    """Leave to change one database over one connection during one run. Only `clear` makes one.

    Attributes:
        run: Whose.
        identity: Which database.
        link: Number of the connection on which it was given.
    """

    run: str
    identity: Identity
    link: int
    seal: object

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise GuardRefusedError(self.identity.full_name, ["a clearance comes from the guard and from nowhere else"])

    def check(self, link: Link) -> None:
        """Return if the clearance was given on this very connection.

        Raises:
            GuardRefusedError: If it was given on another one.
        """
        if link.number != self.link:
            raise GuardRefusedError(link.target, ["the clearance was given on another connection"])

    def cover(self, key: str) -> None:
        """Return if the clearance is for the database whose backups and intent bear `key`.

        Raises:
            GuardRefusedError: If it is for another one.
        """
        if self.identity.key != key:
            raise GuardRefusedError(key, [f"the clearance is for {self.identity.full_name}"])


def clear(link: Link, request: GuardRequest) -> Clearance:
    """Return leave to change the database behind `link`, if every condition of the guard holds.

    Raises:
        GuardRefusedError: With every condition that does not hold or could not be asked.
    """
    identities: list[Identity] = []

    def who() -> tuple[str, ...]:
        identities.append(identity_of(link))
        return tuple(f"it is not the planned database: {text}" for text in request.planned.differences(identities[0]))

    reasons = list(_asked("identity", who))
    if not identities:
        raise GuardRefusedError(link.target, reasons)
    identity = identities[0]
    conditions: tuple[tuple[str, Condition], ...] = (
        ("marker", lambda: marker_reasons(link, identity)),
        ("name", lambda: name_reasons(identity, request.patterns)),
        ("kind", lambda: kind_reasons(link)),
        ("consent", lambda: consent_reasons(identity, request.consent)),
        ("size", lambda: size_reasons(link, request.known_rows)),
    )
    for name, condition in conditions:
        reasons += _asked(name, condition)
    if reasons:
        raise GuardRefusedError(identity.full_name, reasons)
    return Clearance(request.run, identity, link.number, _SEAL)


def clear_on_server(maintenance: Link, clearance: Clearance) -> Clearance:
    """Return a clearance for statements that only another database of the same server can send: copying, renaming.

    The database's name, oid and cluster are asked again there, right now.

    Raises:
        GuardRefusedError: If the server knows the name for another database, or does not answer.
    """
    expected = clearance.identity

    def same() -> tuple[str, ...]:
        found = maintenance.rows(_ON_SERVER, expected.name)
        held = [tuple(str(part) for part in row) for row in found] == [(expected.number, expected.place)]
        return () if held else (f"the server has another database, or none, under the name {expected.name}",)

    reasons = _asked("name on the server", same)
    if reasons:
        raise GuardRefusedError(expected.full_name, reasons)
    return Clearance(clearance.run, expected, maintenance.number, _SEAL)


_ON_SERVER: Final = """
SELECT oid, (SELECT system_identifier FROM pg_control_system()) FROM pg_database
WHERE datname = %s AND NOT datistemplate AND NOT pg_is_in_recovery()
"""


def _asked(name: str, condition: Condition) -> tuple[str, ...]:
    """Return a condition's reasons; a condition that cannot be asked does not hold."""
    try:
        return condition()
    except GuardRefusedError as refusal:
        return refusal.reasons
    except Exception as error:  # noqa: BLE001  (whatever a driver raises means unknown, and unknown means refuse)
        return (f"its {name} could not be asked: {safe_message(error)}",)
