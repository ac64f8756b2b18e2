"""Which names a rehearsal may touch: an anchored pattern must fit, and no word may smell of production."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.database.identity import Identity

DEFAULT_PATTERNS: Final = ("rehearse_*", "test_*", "*_test")
_PRODUCTION: Final = frozenset({"prod", "prods", "production", "productive", "prd"})
_PRINCIPAL: Final = _PRODUCTION | {"live", "primary", "master", "main"}
_PROBES: Final = ("production", "postgres", "main", "app", "residency", "x", "roster_2024", "zqj")
_LEAST_LITERAL: Final = 3


def name_reasons(identity: Identity, patterns: Iterable[str]) -> tuple[str, ...]:
    """Return why the database's name does not allow touching it; empty if it does."""
    patterns = tuple(patterns)
    reasons = [f"the pattern {pattern!r} matches everything" for pattern in patterns if is_too_wide(pattern)]
    if not any(fnmatchcase(identity.name, pattern) for pattern in patterns if not is_too_wide(pattern)):
        reasons.append(f"the name {identity.name!r} matches none of {', '.join(patterns) or 'no pattern at all'}")
    reasons += [f"{where} holds the word {word!r}" for where, word in _production_words(identity)]
    return tuple(reasons)


def is_too_wide(pattern: str) -> bool:
    """Return whether a pattern says next to nothing: fewer than three plain characters, or it fits names it must not."""
    literal = re.sub(r"\[[^\]]*\]|[*?]", "", pattern)
    return len(re.sub(r"[^A-Za-z0-9]", "", literal)) < _LEAST_LITERAL or any(
        fnmatchcase(probe, pattern) for probe in _PROBES
    )


def production_word(text: str, *, words: frozenset[str] = _PRINCIPAL) -> str | None:
    """Return the word of `text` that smells of production, or None."""
    separated = re.sub(r"(?<=[a-z])(?=[A-Z0-9])", "_", text).lower()
    return next((word for word in re.split(r"[^a-z0-9]+", separated) if word in words or "production" in word), None)


def _production_words(identity: Identity) -> list[tuple[str, str]]:
    """Return which part of name and path holds which word; a directory may be called ``main``, a database may not."""
    found = [(f"the name {identity.name!r}", production_word(identity.name))]
    if identity.backend == "sqlite":
        directories = PurePath(identity.place).parent.parts
        found += [(f"the directory {part!r}", production_word(part, words=_PRODUCTION)) for part in directories]
    return [(where, word) for where, word in found if word is not None]
