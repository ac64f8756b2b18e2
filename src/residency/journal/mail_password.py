"""The password for the operator's mail server: in a variable of its own or in a file, as secrets of containers are, and never in a URL.

No message says anything of it, nor of the file that holds it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "RESIDENCY_SMTP_PASSWORD"
FILE_VARIABLE = "RESIDENCY_SMTP_PASSWORD_FILE"


@dataclass(frozen=True)
class Password:
    """What the environment says of a password.

    Attributes:
        value: The password; empty if there is none, or none that can be read.
        mistake: Why it cannot be read; empty if it can, or if there is none.
    """

    value: str = field(default="", repr=False)
    mistake: str = ""

    @property
    def is_given(self) -> bool:
        """Whether somebody meant there to be a password, be it readable or not."""
        return bool(self.value or self.mistake)


def password(environment: Mapping[str, str]) -> Password:
    """Return the password that the environment holds, or names a file for; a variable that is empty counts as not set."""
    value, path = environment.get(VARIABLE, ""), environment.get(FILE_VARIABLE, "")
    if value and path:
        return Password(mistake=f"{VARIABLE} and {FILE_VARIABLE} are both set, and only one may be")
    if path:
        return _of_file(Path(path))
    return _sound(value, VARIABLE)


def _of_file(path: Path) -> Password:
    """The only line of a file; the line's end is no part of it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        return Password(mistake=f"the file that {FILE_VARIABLE} names cannot be read ({error.strerror})")
    except ValueError:
        return Password(mistake=f"the file that {FILE_VARIABLE} names holds something else than text in UTF-8")
    found = text.removesuffix("\n")
    if not found:
        return Password(mistake=f"the file that {FILE_VARIABLE} names is empty")
    return _sound(found, f"the file that {FILE_VARIABLE} names")


def _sound(value: str, place: str) -> Password:
    """A password that can be sent: none holds a line's end or a zero byte, what does is another file or was cut out with too much."""
    if any(sign in value for sign in "\r\n\0"):
        return Password(mistake=f"{place} holds more than one line, which no password does")
    try:
        value.encode()
    except ValueError:
        return Password(mistake=f"{place} holds something else than text in UTF-8")
    return Password(value)
