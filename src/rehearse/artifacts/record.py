"""What a finished run says about itself: the content of its complete mark, and one line of the index."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256

from rehearse.run.evidence import Particulars

FAILED_DAYS = 90
"""A run that did not pass stays at least so long."""
SAVED = "saved"
"""The status of what was saved by hand (a state, a log): no run of a scenario, so nothing that failed."""

_FOLDER = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_RUN = re.compile(r"(?P<scenario>[a-z0-9]+(?:-[a-z0-9]+)*)-(?P<number>\d{4,})")
_LONGEST = 180


@dataclass(frozen=True)
class RunRecord:
    """One finished run.

    Attributes:
        run: Its id, which is the name of its folder.
        scenario: The scenario's id.
        status: As in its result.
        finished: The day on which it was marked complete.
        retention_days: How long the author wants it kept; None for ever.
        about: Its name, its time, the content of its scenario, its database.
        files: Name of each file → its bytes.
        began: When the command began that made it, in UTC without a zone: runs of one command have the same. None where nobody kept it.
    """

    run: str
    scenario: str
    status: str
    finished: date
    retention_days: int | None = None
    about: Particulars = field(default_factory=Particulars)
    files: Mapping[str, int] = field(default_factory=dict)
    began: datetime | None = None

    @property
    def passed(self) -> bool:
        """Whether the run passed."""
        return self.status == "passed"

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(self.files.values())

    @property
    def days_kept(self) -> int | None:
        """How many days it stays: at least `FAILED_DAYS` if it is a run that did not pass, None for ever."""
        if self.retention_days is None or self.passed or self.status == SAVED:
            return self.retention_days
        return max(self.retention_days, FAILED_DAYS)

    @property
    def expires(self) -> date | None:
        """The first day on which it may go; None if there is none (kept for ever, or beyond the calendar)."""
        if self.days_kept is None or self.days_kept > (date.max - self.finished).days:
            return None
        return self.finished + timedelta(days=self.days_kept)

    def expired(self, today: date) -> bool:
        """Return whether it may go on `today`; a run kept for no day may always go, whatever the calendar says."""
        return self.days_kept == 0 or (self.expires is not None and self.expires <= today)

    def dumps(self) -> str:
        """Return it as one line of canonical JSON."""
        return json.dumps(
            {
                "run": self.run,
                "scenario": self.scenario,
                "name": self.about.name,
                "status": self.status,
                "seconds": self.about.seconds,
                "content": self.about.content,
                "backend": self.about.backend,
                "began": self.began.isoformat() if self.began else None,
                "finished": self.finished.isoformat(),
                "retention_days": self.retention_days,
                "expires": self.expires.isoformat() if self.expires else None,
                "files": dict(self.files),
            },
            ensure_ascii=False,
        )

    @classmethod
    def loads(cls, text: str) -> RunRecord:
        """Read what `dumps` wrote.

        Raises:
            ValueError: If the text is anything else.
        """
        try:
            data = json.loads(text)
            return cls(
                run=str(data["run"]),
                scenario=str(data["scenario"]),
                status=str(data["status"]),
                finished=date.fromisoformat(data["finished"]),
                retention_days=None if data["retention_days"] is None else int(data["retention_days"]),
                about=_particulars(data),
                files={str(name): int(size) for name, size in data["files"].items()},
                began=datetime.fromisoformat(data["began"]) if data.get("began") else None,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not the mark of a run: {error}") from error


def _particulars(data: Mapping[str, object]) -> Particulars:
    """Read what came later too; a mark that was written before says nothing of it."""
    name, seconds = str(data["name"]), float(str(data["seconds"]))
    return Particulars(name, seconds, str(data.get("content", "")), str(data.get("backend", "")))


def folder_stem(scenario: str) -> str:
    """Return what a scenario's folders begin with: its id, or, where that is no safe name, a slug and a hash."""
    if _FOLDER.fullmatch(scenario) and len(scenario) <= _LONGEST:
        return scenario
    slug = re.sub(r"[^a-z0-9]+", "-", scenario.lower())[: _LONGEST - 20].strip("-")
    return f"{slug}-{sha256(scenario.encode(errors='backslashreplace')).hexdigest()[:12]}".lstrip("-")


def run_name(scenario: str, number: int) -> str:
    """Return the id of a scenario's n-th run."""
    return f"{folder_stem(scenario)}-{number:04d}"


def split_run(run: str) -> tuple[str, int] | None:
    """Return stem and number of a run id, or None if `run` is none."""
    match = _RUN.fullmatch(run)
    return (match["scenario"], int(match["number"])) if match else None
