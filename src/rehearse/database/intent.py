"""What the engine is about to do to a target, on disk before it does it; recovery decides by this alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from rehearse.database.durable import remove_durably, write_durably
from rehearse.database.identity import Identity
from rehearse.database.manifest import OwnDatabase
from rehearse.errors import BackupError

if TYPE_CHECKING:
    from rehearse.database.guard import Clearance
    from rehearse.database.home import Home

Phase = Literal["backing-up", "armed", "restoring", "left"]


@dataclass(frozen=True)
class Intent:
    """One run's hold on a target.

    Attributes:
        run: Which run.
        identity: Who the target was when the run began.
        phase: ``backing-up`` (the target is untouched), ``armed`` (the scenario may have changed anything),
            ``restoring``, ``left`` (not restored, as its author wished).
        backup: The backup that it goes back to.
        manifest: Hash of that backup's manifest; empty while backing up.
        replacement: The clone that takes the target's place, once it was made.
    """

    run: str
    identity: Identity
    phase: Phase
    backup: str
    manifest: str = ""
    replacement: OwnDatabase | None = None

    def dumps(self) -> str:
        """Return it as JSON."""
        made = self.replacement
        return json.dumps(
            {
                "run": self.run,
                "identity": self.identity.to_json(),
                "phase": self.phase,
                "backup": self.backup,
                "manifest": self.manifest,
                "replacement": [made.name, made.oid] if made else None,
            }
        )

    @classmethod
    def loads(cls, text: str) -> Intent:
        """Read what `dumps` wrote; ValueError, KeyError or TypeError if it is anything else."""
        data: dict[str, Any] = json.loads(text)
        if data["phase"] not in get_args(Phase):
            raise ValueError(f"unknown phase {data['phase']!r}")
        made = data["replacement"]
        return cls(
            str(data["run"]),
            Identity.from_json(data["identity"]),
            data["phase"],
            str(data["backup"]),
            str(data["manifest"]),
            OwnDatabase(str(made[0]), int(made[1])) if made else None,
        )


def read_intent(home: Home) -> Intent | None:
    """Return the intent of a target, or None.

    Raises:
        BackupError: If there is one that cannot be understood: then nobody knows what was begun.
    """
    try:
        return Intent.loads(home.intent.read_bytes().decode())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(
            f"{home.intent} cannot be understood ({error}); nothing is touched before somebody looked"
        ) from error


def write_intent(home: Home, intent: Intent) -> None:
    """Say what comes next, durably."""
    write_durably(home.intent, intent.dumps().encode())


def clear_intent(home: Home, clearance: Clearance) -> None:
    """Say that nothing is left to do, durably.

    Raises:
        GuardRefusedError: If `clearance` is for another database.
    """
    clearance.cover(home.key)
    remove_durably(home.intent)
