"""The reference of a domain: everything that its scenarios may say, from the declarations themselves."""

from __future__ import annotations

import inspect
from dataclasses import is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Literal, Union, get_args, get_origin

from rehearse.expectation import Deferred
from rehearse.fields import CLOCK_TIME, HOURS, NULLABLE, Help, Length, Pattern, Range, Ref, RowId, Unit
from rehearse.loading.reader import RecordField, record_shape
from rehearse.loading.tree import ListNode, MapNode, ScalarNode
from rehearse.measures import engine_measures
from rehearse.report.examples import examples_of
from rehearse.report.model import shown
from rehearse.report.text import Line
from rehearse.values import FrozenMap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Column, MetaData

    from rehearse.domain import Domain, Limits, Measure, Operation
    from rehearse.report.examples import Example, Kind, Word
    from rehearse.rule import Rule


def reference_lines(domain: Domain) -> Iterator[Line]:
    """Return the reference of `domain`, line by line."""
    examples = examples_of(domain)
    yield Line(domain.name, "title")
    yield from prose(domain.doc, indent=2)
    yield from _chapter("Categories", _categories(domain.categories))
    operations = (
        (*_operation(item), *_example(examples, "operation", item.name)) for item in domain.operations.values()
    )
    yield from _chapter("Operations", (line for lines in operations for line in lines))
    yield from _chapter(
        "Set-up: sections",
        (line for item in domain.sections.values() for line in _section(item.name, item.doc, item.row)),
    )
    yield from _chapter("Set-up: constraints", _fields(domain.constraints, 2))
    yield from _chapter("Preconditions, besides the measures of one state", _checks(domain, examples))
    yield from _chapter("Measures (° reads the run)", _measures(domain, examples))
    yield from _chapter("Rules", (line for rule in domain.rules.values() for line in _rule(rule, examples)))
    yield from _chapter("Types of assertions", _assertions(domain, examples))
    yield from _chapter(
        "Invariants", _entries((f"{i.name}{' (always)' * i.always}", i.doc) for i in domain.invariants.values())
    )
    yield from _chapter(
        "Types of expected errors", _entries((item.name, item.doc) for item in domain.error_types.values())
    )
    yield from _chapter("Validators", _entries((item.name, item.doc) for item in domain.validators.values()))
    yield from _chapter("Tables", _tables(domain))


def _chapter(title: str, lines: Iterable[Line]) -> Iterator[Line]:
    body = tuple(lines)
    if body:
        yield Line()
        yield Line(title, "title")
        yield from body


def _categories(categories: Mapping[str, str]) -> Iterator[Line]:
    for name, meaning in categories.items():
        yield Line(f"  {name}" if name == meaning else f"  {name}, read as {meaning}")


def prose(text: str, *, indent: int) -> Iterator[Line]:
    """Return a docstring as indented lines, without its own indentation."""
    for line in inspect.cleandoc(text).splitlines():
        yield Line(f"{' ' * indent}{line}".rstrip(), "plain")


def _entries(entries: Iterable[tuple[str, str]]) -> Iterator[Line]:
    for name, doc in entries:
        yield Line(f"  {name}", "good")
        yield from prose(doc, indent=6)


def _operation(operation: Operation) -> Iterator[Line]:
    notes = [] if operation.writes else ["reads only"]
    notes += ["in a process of its own"] * (operation.isolation == "process")
    about = f"  ({', '.join(notes)})" if notes else ""
    yield Line(f"  {operation.name}{about}", "good")
    yield from prose(operation.doc, indent=6)
    yield from _fields(operation.parameters, 6)
    if operation.data:
        yield Line("      data: " + ", ".join(f"{name} ({kind})" for name, kind in operation.data.items()))
    if operation.codes:
        yield Line("      codes: " + ", ".join(operation.codes))


def _section(name: str, doc: str, row: type) -> Iterator[Line]:
    yield Line(f"  {name}", "good")
    yield from prose(doc, indent=6)
    yield from _fields(row, 6)


def _fields(record: type, indent: int) -> Iterator[Line]:
    for item in record_shape(record).fields:
        yield Line(f"{' ' * indent}- {field_text(item)}")


def field_text(item: RecordField) -> str:
    """Return a field in one line, as ``person_id: a row of persons, required (also: person) – who is away``."""
    return f"{item.name}: {field_words(item)}"


def field_words(item: RecordField) -> str:
    """Return what there is to say of a field, as ``a row of persons, required (also: person) – who is away``."""
    marks = marks_of(item.annotation)
    unit = "".join(f", in {mark.name}" for mark in marks if isinstance(mark, Unit))
    if item.required:
        default = ", required"
    elif item.default is None or item.default in ("", ()):
        default = ""
    else:
        default = f", default {default_text(item)}"
    aliases = f" (also: {', '.join(item.aliases)})" if item.aliases else ""
    help_text = "".join(f" – {mark.text}" for mark in marks if isinstance(mark, Help))
    null = " or null" * (NULLABLE in marks)
    return f"{type_words(item.annotation)}{null}{unit}{default}{aliases}{help_text}"


def default_text(item: RecordField) -> str:
    """Return a field's default as an author would write it."""
    value = item.default
    marks = marks_of(item.annotation)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, int) and not isinstance(value, bool) and HOURS in marks:
        return shown(Decimal(value) / 60)
    if isinstance(value, int) and not isinstance(value, bool) and CLOCK_TIME in marks:
        return f"{value // 60:02}:{value % 60:02}"
    if is_dataclass(value):
        return "its own defaults"
    return shown(value)


def marks_of(annotation: object) -> tuple[object, ...]:
    """Return what `Annotated` says of a type, of the members of a union too."""
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        return (*marks_of(inner), *marks)
    if is_union(annotation):
        return tuple(mark for member in get_args(annotation) for mark in marks_of(member))
    return ()


def is_union(annotation: object) -> bool:
    """Whether a type is written as several."""
    return get_origin(annotation) is Union or type(annotation).__name__ == "UnionType"


_WORDS: Mapping[object, str] = {
    bool: "bool",
    int: "int",
    str: "text",
    Decimal: "number",
    date: "date",
    datetime: "moment",
    time: "time",
    FrozenMap: "map",
    MapNode: "map",
    ListNode: "list",
    ScalarNode: "anything",
}


_UNWRITTEN = (type(None), Deferred)


def type_words(annotation: object) -> str:
    """Return the format's words for a type: ``hours``, ``list of text``, ``one of done, rejected``."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _annotated_words(annotation)
    if is_union(annotation):
        return " or ".join(dict.fromkeys(type_words(part) for part in get_args(annotation) if part not in _UNWRITTEN))
    if origin is Literal:
        return "one of " + ", ".join(shown(value) for value in get_args(annotation))
    if origin is tuple:
        return f"list of {type_words(get_args(annotation)[0])}"
    if origin is not None:
        return f"map of {type_words(get_args(annotation)[-1])}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "one of " + ", ".join(str(member.value) for member in annotation)
    if is_dataclass(annotation) and isinstance(annotation, type) and annotation not in _WORDS:
        return "map {" + ", ".join(item.name for item in record_shape(annotation).fields) + "}"
    return _WORDS.get(annotation, "anything")


_ID = get_args(RowId)


def _annotated_words(annotation: object) -> str:
    inner, *marks = get_args(annotation)
    if HOURS in marks:
        return "number"
    if CLOCK_TIME in marks:
        return "time"
    words = type_words(inner)
    for mark in marks:
        match mark:
            case Ref():
                words = f"a row of {mark.section}"
            case Range():
                words += _range_words(mark)
            case Pattern():
                words = "an id" if mark in _ID else f"{words} ({mark.says})"
            case Length(maximum=int()):
                words += f" (at most {mark.maximum})"
    return words


def _range_words(bounds: Range) -> str:
    parts = [f"above {bounds.above}"] if bounds.above is not None else []
    parts += [f"from {bounds.minimum}"] if bounds.minimum is not None else []
    parts += [f"to {bounds.maximum}"] if bounds.maximum is not None else []
    return f" {' '.join(parts)}" if parts else ""


def _example(examples: Mapping[Word, Example], kind: Kind, name: str) -> Iterator[Line]:
    """A use of a word, and what its step answers."""
    example = examples.get((kind, name))
    if example is None:
        return
    yield Line("      example:", "dim")
    yield from (Line(f"        {line}".rstrip()) for line in example.lines)
    if example.gives:
        yield Line(f"      gives: {', '.join(example.gives)}", "dim")


def _checks(domain: Domain, examples: Mapping[Word, Example]) -> Iterator[Line]:
    for check in domain.checks.values():
        yield Line(f"  {check.name}  {check.kind}", "good")
        yield from prose(check.doc, indent=6)
        if check.parameters:
            yield from _fields(check.parameters, 6)
        yield from _example(examples, "check", check.name)


def _rule(rule: Rule, examples: Mapping[Word, Example]) -> Iterator[Line]:
    unit = f", in {rule.unit}" if rule.unit else ""
    yield Line(f"  {rule.name}  {rule.citation}{unit}", "good")
    yield from prose(rule.doc, indent=6)
    if rule.packs:
        yield Line(f"      level: {_by_pack(rule.packs)}")
    for figure in rule.figures:
        program = f"; a program may {figure.program}" if figure.program else ""
        yield Line(f"      - {figure.name}: {figure.form} – {figure.doc} ({_by_pack(figure.packs)}{program})")
    yield from _example(examples, "rule", rule.name)


def _by_pack(values: Mapping[str, str]) -> str:
    return ", ".join(f"{pack} {value}" for pack, value in values.items())


def _measures(domain: Domain, examples: Mapping[Word, Example]) -> Iterator[Line]:
    for measure in (*domain.measures.values(), *engine_measures(domain.journal_tables).values()):
        names = ", ".join((measure.name, *measure.aliases))
        yield Line(f"  {names}{'°' if measure.of_run else ''}  {measure_kind(measure)}", "good")
        yield from prose(measure.doc, indent=6)
        limits = [f"fails {limits_text(measure.fail)}"] * bool(measure.fail)
        limits += [f"warns {limits_text(measure.warn)}"] * bool(measure.warn)
        if limits and measure.fail != measure.warn:
            yield Line(f"      profile standard: {', '.join(limits)}", "dim")
        yield from _example(examples, "measure", measure.name)


def measure_kind(measure: Measure) -> str:
    """Return what a measure returns, with its unit: ``number, hours``, ``map of number, hours``."""
    kind = f"map of {measure.item}" if measure.kind == "map" else measure.kind
    return f"{kind}, {measure.unit}" if measure.unit else kind


def limits_text(limits: Limits | None) -> str:
    """Return limits in words: ``above 12``, ``below 95 or above 100``."""
    if limits is None:
        return "never"
    parts = [f"below {shown(limits.below)}"] if limits.below is not None else []
    parts += [f"above {shown(limits.above)}"] if limits.above is not None else []
    parts += [f"from {shown(limits.at_least)}"] if limits.at_least is not None else []
    parts += [f"on {shown(limits.on)}"] if limits.on is not None else []
    return " or ".join(parts)


def _assertions(domain: Domain, examples: Mapping[Word, Example]) -> Iterator[Line]:
    for item in domain.assertion_types.values():
        yield Line(f"  {item.name}", "good")
        yield from prose(item.doc, indent=6)
        yield from _fields(item.parameters, 6)
        yield from _example(examples, "assertion", item.name)


def _tables(domain: Domain) -> Iterator[Line]:
    metadata: MetaData = domain.metadata
    for table in metadata.sorted_tables:
        journal = "  (journal)" if table.name in domain.journal_tables else ""
        yield Line(f"  {table.name}{journal}", "good")
        if table.comment:
            yield from prose(table.comment, indent=6)
        yield from (Line(f"      - {column_text(column)}") for column in table.columns)
        derived = domain.derived_fields.get(table.name)
        if derived:
            yield Line(f"      derived: {', '.join(derived)}", "dim")


def column_text(column: Column[object]) -> str:
    """Return a column in one line, as ``person_id: VARCHAR(64), refers to persons.id. Who holds the duty``."""
    comment = f". {column.comment}" if column.comment else ""
    return f"{column.name}: {', '.join((str(column.type), *column_notes(column)))}{comment}"


def column_notes(column: Column[object]) -> tuple[str, ...]:
    """Return what else there is to say of a column: ``key``, ``may be null``, ``refers to persons.id``."""
    notes = ["key"] if column.primary_key else []
    notes += ["may be null"] * bool(column.nullable and not column.primary_key)
    return (*notes, *(f"refers to {key.target_fullname}" for key in column.foreign_keys))
