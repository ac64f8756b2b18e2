"""The language of placeholders, ``${…}``: paths, dates with durations, integers. Nothing is called or compared.

A text is compiled once into its literal parts and its placeholders; a placeholder is a short program for a stack, so
that computing does not recurse. What a name stands for is another module's to know (`rehearse.loading.evaluate`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from rehearse.loading.limits import DIGITS, shortened

if TYPE_CHECKING:
    from rehearse.errors import Code


class ExpressionError(Exception):
    """A placeholder that cannot be read or computed.

    Attributes:
        code: ``bad-expression``, ``undefined-variable``, ``wrong-type`` or ``yaml-limit``.
        summary: What is wrong, without a final stop.
        remedy: What to do, without a final stop.
        raw: The placeholder as written, to find it in its line.
    """

    def __init__(self, code: Code, summary: str, remedy: str, *, raw: str = "") -> None:
        super().__init__(summary)
        self.code = code
        self.summary = summary
        self.remedy = remedy
        self.raw = raw


class Dialect(Enum):
    """Which openings a text may hold.

    ``VARIABLES`` is the language of every text. ``GENERATOR`` reads ``{{ … }}`` besides. ``RESULTS`` is what stays of a
    text that waits for results: a doubled ``$`` is one ``$`` there.
    """

    VARIABLES = "variables"
    GENERATOR = "generator"
    RESULTS = "results"


_OPENINGS = {
    Dialect.VARIABLES: re.compile(r"\$\$\{|\$\{|\{\{"),
    Dialect.GENERATOR: re.compile(r"\$\$\{|\$\{|\{\{"),
    Dialect.RESULTS: re.compile(r"\$\$|\$\{"),
}


@dataclass(frozen=True, slots=True)
class Duration:
    """A number of minutes that was written with a unit; `whole_days` if that was ``w`` or ``d``."""

    minutes: int
    whole_days: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """A path: the first name, then keys of maps and positions in lists."""

    root: str
    keys: tuple[str | int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Operator:
    """``+``, ``-``, ``*``, ``//``, ``%`` of two values; one that negates is ``-`` of a single one."""

    sign: str
    negates: bool = False


Instruction: TypeAlias = int | Duration | Reference | Operator


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One ``${…}``.

    Attributes:
        program: Its instructions in the order in which a stack performs them.
        raw: As written, brackets included.
    """

    program: tuple[Instruction, ...]
    raw: str

    @property
    def reference(self) -> Reference | None:
        """The path, if the placeholder is nothing else."""
        first = self.program[0]
        return first if len(self.program) == 1 and isinstance(first, Reference) else None

    @property
    def result(self) -> tuple[str | int, ...] | None:
        """The path below ``steps``, if the placeholder reads a result."""
        reference = self.reference
        return reference.keys if reference is not None and reference.root == RESULTS_ROOT else None


Template: TypeAlias = tuple[str | Placeholder, ...]
"""The parts of a text in order; literal parts are never empty."""

RESULTS_ROOT = "steps"
_STEP_AND_FIELD = 2
_DEPTH = 50
_REMEMBERED = 500  # characters: longer texts are rare, and would fill the memory
_MINUTES = {"w": 7 * 24 * 60, "d": 24 * 60, "h": 60, "m": 1}
_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
      (?P<duration>[0-9]+[wdhm])(?![A-Za-z0-9_])
    | (?P<integer>[0-9]+)(?![A-Za-z0-9_])
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<quoted>'[^']*'|"[^"]*")
    | (?P<sign>//|[-+*%()\[\].])
    | (?P<close>\}\}?)
    )""",
    re.VERBOSE,
)
_ADDITIVE = ("+", "-")
_MULTIPLICATIVE = ("*", "//", "%")
_FORMS = "write a name, a date with a duration such as `day + 2d`, or integers"


def mentions_nothing(text: str) -> bool:
    """Return whether `text` can hold neither a placeholder nor anything that looks like one."""
    return "$" not in text and "{{" not in text


def compile_text(text: str, *, dialect: Dialect = Dialect.VARIABLES) -> Template:
    """Return the parts of `text`; ``$${`` has become the text ``${`` (see `Dialect`).

    Raises:
        ExpressionError: If a placeholder cannot be read.
    """
    return _compiled_once(text, dialect) if len(text) <= _REMEMBERED else _compiled(text, dialect)


def _compiled(text: str, dialect: Dialect) -> Template:
    parts: list[str | Placeholder] = []
    literal: list[str] = []
    position = 0
    while opening := _OPENINGS[dialect].search(text, position):
        literal.append(text[position : opening.start()])
        if opening.group().startswith("$$"):
            literal.append(opening.group()[1:])
            position = opening.end()
            continue
        placeholder, position = _placeholder(text, opening, dialect)
        if joined := "".join(literal):
            parts.append(joined)
        literal.clear()
        parts.append(placeholder)
    literal.append(text[position:])
    if joined := "".join(literal):
        parts.append(joined)
    return tuple(parts)


_compiled_once = lru_cache(maxsize=8192)(_compiled)


def _placeholder(text: str, opening: re.Match[str], dialect: Dialect) -> tuple[Placeholder, int]:
    """Return the placeholder that begins at `opening`, and where the text goes on."""
    if opening.group().startswith("{{"):
        if dialect is not Dialect.GENERATOR:
            raise _braces(text, opening.start())
        return _integers(text, opening)
    reader = _Reader(text, opening.start(), opening.end(), "}")
    program = reader.program()
    raw = text[opening.start() : reader.end]
    if any(isinstance(part, Reference) and part.root == RESULTS_ROOT for part in program):
        _check_result(program, raw)
    return Placeholder(program, raw), reader.end


def _check_result(program: tuple[Instruction, ...], raw: str) -> None:
    reference = program[0]
    if len(program) > 1 or not isinstance(reference, Reference):
        remedy = "let the operation give the figure, or write the value"
        raise ExpressionError("bad-expression", f"`{raw}` computes with a result, which is only read", remedy, raw=raw)
    if len(reference.keys) < _STEP_AND_FIELD:
        remedy = "name a step and what to read of it, as in `${steps.main.outcome}`"
        raise ExpressionError(
            "bad-expression", f"`{raw}` does not say which part of a result is meant", remedy, raw=raw
        )


def _integers(text: str, opening: re.Match[str]) -> tuple[Placeholder, int]:
    """Return the companions' ``{{ … }}``: integers and the loop's counters, nothing else."""
    try:
        reader = _Reader(text, opening.start(), opening.end(), "}}")
        program = reader.program()
    except ExpressionError:
        raise _braces(text, opening.start()) from None
    if not all(_is_counted(part) for part in program):
        raise _braces(text, opening.start())
    return Placeholder(program, text[opening.start() : reader.end]), reader.end


def _is_counted(part: Instruction) -> bool:
    if isinstance(part, Reference):
        return part.root == "loop" and part.keys in {("index",), ("index0",)}
    return not isinstance(part, Duration)


def _braces(text: str, start: int) -> ExpressionError:
    end = text.find("}}", start)
    raw = text[start : end + 2] if end >= 0 else text[start:]
    inner = raw.strip("{} \t\n")
    try:
        compile_text("${" + inner + "}")
    except ExpressionError:
        remedy = "write `${…}` with a variable, a date or integers: there are no calls and no templates"
    else:
        remedy = f"write `${{{inner}}}`"
    return ExpressionError("bad-expression", f"`{shortened(raw)}` is not read here", remedy, raw=raw)


class _Reader:
    """Reads one placeholder, operator precedence as usual, and leaves its program; `end` is where the text goes on."""

    def __init__(self, text: str, start: int, position: int, close: str) -> None:
        self.end = position
        self._text = text
        self._start = start
        self._close = close
        self._kind = ""
        self._word = ""
        self._begin = position
        self._depth = 0
        self._program: list[Instruction] = []
        self._advance()

    def program(self) -> tuple[Instruction, ...]:
        """Read up to the closing brace."""
        self._sum()
        if self._kind != "close":
            self._unexpected()
        return tuple(self._program)

    def _advance(self) -> None:
        match = _TOKEN.match(self._text, self.end)
        if match is None:
            self._begin = self.end
            self._unreadable()
        self._kind = match.lastgroup or ""
        self._word = match[self._kind]
        self._begin = match.start(self._kind)
        self.end = match.end()
        if self._kind == "close":
            if not self._word.startswith(self._close):
                self._unexpected()
            self.end = self._begin + len(self._close)

    def _sum(self) -> None:
        self._product()
        while self._kind == "sign" and self._word in _ADDITIVE:
            operator = Operator(self._word)
            self._advance()
            self._product()
            self._program.append(operator)

    def _product(self) -> None:
        self._signed()
        while self._kind == "sign" and self._word in _MULTIPLICATIVE:
            operator = Operator(self._word)
            self._advance()
            self._signed()
            self._program.append(operator)

    def _signed(self) -> None:
        negations = 0
        while self._kind == "sign" and self._word in _ADDITIVE:
            negations += self._word == "-"
            self._advance()
        self._atom()
        if negations % 2:
            self._program.append(Operator("-", negates=True))

    def _atom(self) -> None:
        if self._kind == "integer":
            self._program.append(self._integer(self._word))
        elif self._kind == "duration":
            unit = self._word[-1]
            minutes = self._integer(self._word[:-1]) * _MINUTES[unit]
            self._program.append(Duration(minutes, unit in "wd"))
        elif self._kind == "name":
            self._path()
            return
        elif self._word == "(":
            self._bracket()
        else:
            self._unexpected()
        self._advance()

    def _bracket(self) -> None:
        self._depth += 1
        if self._depth > _DEPTH:
            self._fail(f"more than {_DEPTH} brackets inside each other", "write it shorter")
        self._advance()
        self._sum()
        if self._word != ")":
            self._unexpected()
        self._depth -= 1

    def _path(self) -> None:
        root, start = self._word, self._begin
        keys: list[str | int] = []
        end = self.end
        self._advance()
        while self._kind == "sign" and self._word in {".", "["}:
            keys.append(self._key())
            end = self.end
            self._advance()
        if self._word == "(":
            self._fail(f"`{root}(…)` is a call, and there are none", _FORMS)
        self._program.append(Reference(root, tuple(keys), self._text[start:end]))

    def _key(self) -> str | int:
        if self._word == ".":
            self._advance()
            if self._kind != "name":
                self._unexpected()
            return self._word
        self._advance()
        sign = 1
        if self._word == "-":
            sign = -1
            self._advance()
        key: str | int
        if self._kind == "integer":
            key = sign * self._integer(self._word)
        elif self._kind == "quoted" and sign == 1:
            key = self._word[1:-1]
        else:
            self._unexpected()
        self._advance()
        if self._word != "]":
            self._unexpected()
        return key

    def _integer(self, digits: str) -> int:
        if len(digits) > DIGITS:
            self._fail(f"a number of more than {DIGITS:,} digits", "write a smaller one")
        return int(digits)

    def _unreadable(self) -> NoReturn:
        rest = self._text[self._begin :].lstrip(" \t\r\n")
        if not rest:
            raw = self._text[self._start :]
            remedy = f"close it with `{self._close}`, or write `$${{` if the text itself is meant"
            raise ExpressionError("bad-expression", f"`{shortened(raw)}` is not closed", remedy, raw=raw)
        self._fail(f"`{rest[0]}` has no meaning there", _FORMS)

    def _unexpected(self) -> NoReturn:
        if self._kind == "close" and self._text[self._start : self._begin].strip("${ \t\r\n") == "":
            self._fail("it is empty", _FORMS)
        what = "its end" if self._kind == "close" else f"`{self._word}`"
        self._fail(f"{what} was not expected there", _FORMS)

    def _fail(self, why: str, remedy: str) -> NoReturn:
        close = self._text.find(self._close, self._start)
        raw = self._text[self._start : close + len(self._close)] if close >= 0 else self._text[self._start :]
        raise ExpressionError("bad-expression", f"`{shortened(raw)}` cannot be read: {why}", remedy, raw=raw)
