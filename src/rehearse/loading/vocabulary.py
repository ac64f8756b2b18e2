"""Every word that a scenario of one domain may use: its measures, and its tables with the type of each field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from rehearse.column_kinds import column_kind
from rehearse.domain import Domain, Measure
from rehearse.loading.reader import record_shape
from rehearse.measures import measures_of

if TYPE_CHECKING:
    from sqlalchemy import MetaData

    from rehearse.snapshot.model import ColumnKind

Kind: TypeAlias = Literal["bool", "number", "text", "collection", "date", "moment", "map", "any"]
"""What is known of a value before the run; ``any`` is decided by what it is compared with."""

_KIND_OF_COLUMN: Mapping[ColumnKind, Kind] = {
    "text": "text",
    "int": "number",
    "bool": "bool",
    "number": "number",
    "date": "date",
    "moment": "moment",
    "json": "any",
}
KIND_OF_DATA: Mapping[str, Kind] = {
    "text": "text",
    "int": "number",
    "number": "number",
    "bool": "bool",
    "date": "date",
    "moment": "moment",
    "list": "collection",
    "map": "map",
}
KIND_OF_MEASURE: Mapping[str, Kind] = {
    "bool": "bool",
    "number": "number",
    "text": "text",
    "collection": "collection",
    "map": "map",
}


@dataclass(frozen=True)
class StoredTable:
    """A table as expectations see it.

    Attributes:
        name: The table.
        columns: Stored field → kind of its values.
        derived: Fields that are computed from the stored ones.
        aliases: Other spelling → field.
    """

    name: str
    columns: Mapping[str, Kind]
    derived: tuple[str, ...]
    aliases: Mapping[str, str]

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that may be looked at."""
        return (*self.columns, *self.derived)

    def field(self, name: str) -> str | None:
        """Return the field that `name` means, or None."""
        target = self.aliases.get(name, name)
        return target if target in self.columns or target in self.derived else None

    def kind(self, field: str) -> Kind:
        """Return what is known of the values of `field`."""
        return self.columns.get(field, "any")


@dataclass(frozen=True)
class Vocabulary:
    """What a domain's words mean.

    Attributes:
        domain: The domain.
        measures: Name or alias → measure, the engine's own included.
        tables: Name → table.
        section_aliases: Section of the set-up → other spelling → field.
    """

    domain: Domain
    measures: Mapping[str, Measure]
    tables: Mapping[str, StoredTable]
    section_aliases: Mapping[str, Mapping[str, str]]


_KNOWN: dict[int, Vocabulary] = {}


def vocabulary_of(domain: Domain) -> Vocabulary:
    """Return the words of `domain`, made once."""
    known = _KNOWN.get(id(domain))
    if known is None or known.domain is not domain:
        aliases = {name: record_shape(section.row).aliases for name, section in domain.sections.items()}
        known = _KNOWN[id(domain)] = Vocabulary(domain, measures_of(domain), _tables(domain, aliases), aliases)
    return known


def _tables(domain: Domain, aliases: Mapping[str, Mapping[str, str]]) -> Mapping[str, StoredTable]:
    return {
        name: StoredTable(name, columns, tuple(domain.derived_fields.get(name, ())), aliases.get(name, {}))
        for name, columns in _columns(domain.metadata).items()
    }


@cache
def _columns(metadata: MetaData) -> Mapping[str, Mapping[str, Kind]]:
    return {
        table.name: {column.name: _KIND_OF_COLUMN[column_kind(column)] for column in table.columns}
        for table in metadata.sorted_tables
    }
