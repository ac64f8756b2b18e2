"""Which errors another attempt may mend, and what of an error's text may be kept."""

from __future__ import annotations

import re
import sys
from typing import Final

_CONNECTION_LOST: Final = "08"
_TRANSIENT_STATES: Final = frozenset({"40001", "40P01", "57P01", "57P02", "57P03", "25P03"})
_LOST_RACES: Final = frozenset({"40001", "40P01"})
_DATA_EXCEPTION: Final = "22"
_QUOTED: Final = re.compile(r'"[^"]*"')
_BUSY_SNAPSHOT: Final = 517


def is_transient_database_error(error: BaseException) -> bool:
    """Return whether a fresh attempt may succeed: a lost connection, a deadlock, a serialization failure."""
    original = getattr(error, "orig", None) or error
    state = getattr(original, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(_CONNECTION_LOST) or state in _TRANSIENT_STATES
    if getattr(original, "sqlite_errorcode", None) == _BUSY_SNAPSHOT:
        return True
    return _is_lost_connection(original)


def is_lost_race(error: BaseException) -> bool:
    """Return whether a transaction had to give way to another session's: a serialization failure, a deadlock, a stale snapshot."""
    original = getattr(error, "orig", None) or error
    lost = getattr(original, "sqlstate", None) in _LOST_RACES
    return lost or getattr(original, "sqlite_errorcode", None) == _BUSY_SNAPSHOT


def _is_lost_connection(error: BaseException) -> bool:
    """PostgreSQL's driver reports a broken connection without a code from the server, which had no chance to send one."""
    driver = sys.modules.get("psycopg")
    return driver is not None and isinstance(error, driver.OperationalError) and not error.diag.sqlstate


def described_safely(error: BaseException) -> str:
    """Return class and message of `error` without the values that PostgreSQL adds as DETAIL, HINT and CONTEXT."""
    return f"{type(error).__name__}: {safe_message(error)}"


def safe_message(error: BaseException) -> str:
    """Return the message with SQLSTATE and constraint, but without DETAIL, HINT, CONTEXT and quoted input values."""
    diagnostics = getattr(error, "diag", None)
    primary = getattr(diagnostics, "message_primary", None)
    if diagnostics is None or primary is None:
        lines = str(error).strip().splitlines()
        return lines[0] if lines else ""
    state = diagnostics.sqlstate or ""
    if state.startswith(_DATA_EXCEPTION):
        primary = _QUOTED.sub('"…"', primary)
    constraint = f", constraint {diagnostics.constraint_name}" if diagnostics.constraint_name else ""
    return f"{primary} [SQLSTATE {state}{constraint}]"


def redact(error: BaseException) -> None:
    """Replace the text of a driver's error by its safe form, so that no traceback repeats a row's values."""
    if getattr(error, "diag", None) is not None:
        error.args = (safe_message(error),)
