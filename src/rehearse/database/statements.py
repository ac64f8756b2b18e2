"""What a statement is, read from its text: its verb, the tables it names, whether it writes. One reading per text, then remembered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

SQL_LIMIT = 10_000
"""Characters of a statement that are kept (reliability.md, section 4)."""

_NOISE = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$", re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"]|"")+"|`[^`]+`|\w+|[^\s\w]')
_READS = frozenset({"SELECT", "VALUES", "SHOW", "EXPLAIN", "TABLE", "PRAGMA"})
_WRITING_WORDS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "INTO", "ANALYZE"})
_COUNTED = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
_TRANSACTION_WORDS = frozenset({"BEGIN", "COMMIT", "END", "START", "ABORT", "ROLLBACK", "PREPARE"})
_CLAUSES = frozenset({"WHERE", "GROUP", "ORDER", "HAVING", "ON", "SET", "VALUES", "SELECT", "UNION", "EXCEPT", "INTERSECT",
                      "LIMIT", "RETURNING", "WINDOW", "OFFSET", "FOR", "DEFAULT"})  # fmt: skip
_BEFORE_TABLE = frozenset({"FROM", "JOIN", "INTO", "UPDATE", "USING"})
_ACTS = frozenset({"DELETE", "INSERT", "MERGE"})
_SKIPPED_BEFORE_NAME = frozenset({"ONLY", "LATERAL", "OR", "IGNORE", "REPLACE", "ABORT", "FAIL", "ROLLBACK"})
_CALL_LIKE_WORDS = frozenset({"IN", "AS", "EXISTS", "VALUES", "FROM", "JOIN", "ON", "AND", "OR", "NOT", "WHERE", "SELECT", "BY", "OVER",
                              "USING", "UNION", "ALL", "ANY", "SOME", "THEN", "WHEN", "ELSE", "CASE", "HAVING", "EXCEPT", "INTERSECT",
                              "DISTINCT", "LIMIT", "OFFSET", "MATERIALIZED", "LIKE", "IS", "BETWEEN", "FILTER", "NUMERIC",
                              "VARCHAR", "CHAR", "DECIMAL", "INTERVAL", "RECURSIVE", "WITH"})  # fmt: skip
_STEADY_FUNCTIONS = frozenset({"count", "sum", "min", "max", "avg", "total", "coalesce", "lower", "upper", "abs", "length",
                               "round", "nullif", "cast", "substr", "substring", "trim", "ifnull", "iif", "greatest", "least",
                               "row_number", "rank", "dense_rank", "lag", "lead", "first_value", "last_value", "replace"})  # fmt: skip
_CHANGING_WORDS = frozenset({"CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME", "LOCALTIME", "LOCALTIMESTAMP", "CURRENT_USER",
                             "SESSION_USER", "USER", "CURRENT_ROLE", "CURRENT_SCHEMA", "CURRENT_CATALOG", "TABLESAMPLE",
                             "FOR"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """What one text of SQL is.

    Attributes:
        verb: Its first word in capitals; for ``WITH`` the word that acts.
        text: The text, cut at 10 kB with a mark.
        tables: The tables that it names, in lower case unless quoted, sorted.
        reads_only: Whether it can change nothing by its own words (a function that it calls might).
        controls_transaction: Whether it begins or ends a transaction; such words are not an operation's to say.
        repeatable: Whether two reads of the same rows must give the same answer: no clock, no chance, no lock, no unknown function.
        names: Every word in it in lower case, whether a table or not; what is not among them it cannot touch directly.
    """

    verb: str
    text: str
    tables: tuple[str, ...]
    reads_only: bool
    controls_transaction: bool
    repeatable: bool
    names: frozenset[str]


@lru_cache(maxsize=4096)
def shape_of(sql: str) -> Shape:
    """Return the shape of `sql`."""
    tokens = _TOKEN.findall(_NOISE.sub(_without_noise, sql))
    words = [token.upper() for token in tokens]
    verb = _verb(words)
    tables, functions = _Names(tokens, words).read()
    reads_only = verb in _READS and not _has_writing_word(words) and not (verb == "PRAGMA" and "=" in tokens)
    repeatable = (
        reads_only
        and verb == "SELECT"
        and bool(tables)
        and functions <= _STEADY_FUNCTIONS
        and _CHANGING_WORDS.isdisjoint(words)
    )
    return Shape(
        verb=verb,
        text=cut(sql),
        tables=tables if verb in _COUNTED else (),
        reads_only=reads_only,
        controls_transaction=_controls_transaction(words),
        repeatable=repeatable,
        names=frozenset(token.strip('"`').lower() for token in tokens),
    )


def cut(sql: str) -> str:
    """Return `sql`, cut at the limit with a mark that says so."""
    return sql if len(sql) <= SQL_LIMIT else f"{sql[:SQL_LIMIT]} … [{len(sql) - SQL_LIMIT} characters cut]"


def _without_noise(match: re.Match[str]) -> str:
    return "''" if match.group().startswith(("'", "$")) else " "


def _verb(words: list[str]) -> str:
    first = next((word for word in words if word not in "(;"), "")
    if first != "WITH":
        return first
    depth = 0
    for word in words:
        depth += (word == "(") - (word == ")")
        if depth == 0 and word in _COUNTED | {"MERGE", "VALUES"}:
            return word
    return first


def _controls_transaction(words: list[str]) -> bool:
    """Return whether any of the text's statements begins or ends a transaction; ``ROLLBACK TO`` a savepoint does not."""
    words = _after_trigger_body(words)
    starts = [0, *(place + 1 for place, word in enumerate(words) if word == ";")]
    for start in starts:
        head = words[start : start + 3]
        if head and head[0] in _TRANSACTION_WORDS and not (head[0] == "ROLLBACK" and "TO" in head[1:]):
            return head[0] != "PREPARE" or head[1:2] == ["TRANSACTION"]
    return False


def _after_trigger_body(words: list[str]) -> list[str]:
    """Leave out the body of SQLite's ``CREATE TRIGGER … BEGIN …; END``, whose words belong to no transaction."""
    head = words[: words.index(";")] if ";" in words else words
    if head[:1] != ["CREATE"] or "TRIGGER" not in head[1:5] or "BEGIN" not in head:
        return words
    ends = (place for place in range(len(head), len(words)) if words[place - 1 : place + 1] == [";", "END"])
    end = next(ends, None)
    return words if end is None else words[end + 1 :]


def _has_writing_word(words: list[str]) -> bool:
    """Return whether a reading verb hides a writing one, as ``WITH … DELETE`` and ``SELECT … INTO`` do; ``FOR UPDATE`` only locks."""
    return any(
        word in _WRITING_WORDS and (place == 0 or words[place - 1] not in {"FOR", "KEY"})
        for place, word in enumerate(words)
    ) or (";" in words and any(word != ";" for word in words[words.index(";") :]))


class _Names:
    """Finds table and function names in one pass over the tokens."""

    def __init__(self, tokens: list[str], words: list[str]) -> None:
        self._tokens = tokens
        self._words = words
        self._tables: set[str] = set()
        self._functions: set[str] = set()
        self._defined = {
            words[i - 1].lower() for i in range(1, len(words)) if words[i] == "AS" and words[i + 1 : i + 2] == ["("]
        }
        self._queries = [True]  # for each open parenthesis: whether a FROM inside it names tables
        self._expects = [False]  # … whether a table name comes next
        self._lists = [False]  # … whether a comma would bring another table

    def read(self) -> tuple[tuple[str, ...], frozenset[str]]:
        """Return tables (sorted, without the names that a WITH defines) and functions."""
        place = 0
        while place < len(self._tokens):
            place = self._step(place)
        return tuple(sorted(self._tables - self._defined)), frozenset(self._functions)

    def _step(self, place: int) -> int:
        word = self._words[place]
        if word == "(":
            self._open(place)
        elif word == ")":
            self._close()
        elif word == ",":
            self._expects[-1] = self._lists[-1]
        elif word in _CLAUSES:
            self._expects[-1] = self._lists[-1] = False
            self._queries[-1] = self._queries[-1] or word == "SELECT"
        elif word in _ACTS:
            self._queries[-1] = True
        elif word in _BEFORE_TABLE:
            self._clause(place)
        elif self._expects[-1] and word not in _SKIPPED_BEFORE_NAME:
            return self._table(place)
        return place + 1

    def _clause(self, place: int) -> None:
        word, before = self._words[place], self._words[place - 1] if place else ""
        self._queries[-1] = self._queries[-1] or (word == "UPDATE" and before not in {"FOR", "KEY", "DO"})
        joins_by_columns = word == "USING" and self._words[place + 1 : place + 2] == ["("]
        self._expects[-1] = self._queries[-1] and before != "DISTINCT" and not joins_by_columns
        self._lists[-1] = self._expects[-1] and word in {"FROM", "USING"}

    def _open(self, place: int) -> None:
        before = self._words[place - 1] if place else "("
        is_call = (before[0].isalpha() or before[0] == "_") and before not in _CALL_LIKE_WORDS
        if is_call:
            self._functions.add(self._tokens[place - 1].lower())
        grouped_tables = self._expects[-1]
        self._queries.append(grouped_tables)
        self._expects.append(grouped_tables)
        self._lists.append(grouped_tables)
        self._expects[-2] = False

    def _close(self) -> None:
        if len(self._queries) > 1:
            for stack in (self._queries, self._expects, self._lists):
                stack.pop()

    def _table(self, place: int) -> int:
        """Take the (perhaps dotted) name at `place`; return the place after it."""
        name, before = self._tokens[place], self._words[place - 1] if place else ""
        place += 1
        while self._tokens[place : place + 1] == ["."] and place + 1 < len(self._tokens):
            name = self._tokens[place + 1]
            place += 2
        self._expects[-1] = False
        is_call = self._tokens[place : place + 1] == ["("] and before != "INTO"
        if (name[0].isalpha() or name[0] in '_"`') and not is_call:
            self._tables.add(name[1:-1] if name[0] in '"`' else name.lower())
        return place
