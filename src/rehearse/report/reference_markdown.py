"""The reference of a domain as one Markdown page, from the same declarations as what `rehearse domain` prints."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from rehearse.fields import NULLABLE, Help, Unit
from rehearse.loading.reader import RecordField, record_shape
from rehearse.measures import engine_measures
from rehearse.report.examples import examples_of
from rehearse.report.reference import column_notes, default_text, limits_text, marks_of, measure_kind, type_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rehearse.domain import Domain, Measure, Operation
    from rehearse.report.examples import Example, Kind, Word
    from rehearse.rule import Rule


def reference_page(domain: Domain) -> str:
    """Return the page, with a final line feed."""
    return "\n".join(_Page(domain).lines()) + "\n"


class _Page:
    """A domain with its examples at hand."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.examples: Mapping[Word, Example] = examples_of(domain)

    def lines(self) -> Iterator[str]:
        """The whole page."""
        yield f"# The words of `{self.domain.name}`"
        yield ""
        yield f"Made by `rehearse domain {self.domain.name} --format markdown`: what is wrong here is wrong in the declarations."
        if self.examples:
            yield "Every example is a piece of a scenario that is performed as it stands."
        yield from _chapter(
            "Operations", (line for item in self.domain.operations.values() for line in self._operation(item))
        )
        yield from _chapter("Measures", self._measures())
        yield from _chapter("Preconditions", self._checks())
        yield from _chapter("Rules", (line for rule in self.domain.rules.values() for line in self._rule(rule)))
        yield from _chapter("Types of assertions", self._assertions())
        invariants = self.domain.invariants.values()
        rows = [(f"`{item.name}`", "always" if item.always else "by name", item.doc) for item in invariants]
        yield from self._listed("Invariants", "invariant", ("invariant", "asked", "meaning"), rows)
        errors = [(f"`{item.name}`", item.doc) for item in self.domain.error_types.values()]
        yield from self._listed("Types of expected errors", "error", ("type", "meaning"), errors)
        validators = [(f"`{item.name}`", item.doc) for item in self.domain.validators.values()]
        yield from self._listed("Validators", "validator", ("validator", "meaning"), validators)
        yield from _chapter("Set-up", self._setup())
        yield from _chapter("Tables", self._tables())

    # ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _operation(self, operation: Operation) -> Iterator[str]:
        yield from _heading(operation.name)
        notes = ["It only reads."] * (not operation.writes)
        notes += ["It runs in a process of its own."] * (operation.isolation == "process")
        yield from _prose(f"{inspect.cleandoc(operation.doc)}\n\n{' '.join(notes)}".rstrip())
        yield from field_table(operation.parameters)
        if operation.data:
            yield ""
            yield from table_lines(("result", "type"), [(f"`{name}`", kind) for name, kind in operation.data.items()])
        if operation.codes:
            yield ""
            yield f"Own codes of refusals: {', '.join(f'`{code}`' for code in operation.codes)}."
        yield from self._block("operation", operation.name)

    def _block(self, kind: Kind, name: str) -> Iterator[str]:
        example = self.examples.get((kind, name))
        if example is None:
            return
        yield ""
        yield from ("```yaml", *example.lines, "```")
        if example.gives:
            yield ""
            yield f"Its answer: {', '.join(f'`{text}`' for text in example.gives)}."

    def _inline(self, kind: Kind, name: str) -> str:
        example = self.examples.get((kind, name))
        return f"`{' '.join(line.strip() for line in example.lines)}`" if example else ""

    def _measures(self) -> Iterator[str]:
        yield "° reads the run or compares two states; the others can be preconditions, too. The limits are those of the profile `standard`."
        yield ""
        found = (*self.domain.measures.values(), *engine_measures(self.domain.journal_tables).values())
        rows = [
            (_names(item), measure_kind(item), item.doc, _limits(item), self._inline("measure", item.name))
            for item in found
        ]
        yield from table_lines(("measure", "gives", "meaning", "standard", "example"), rows)

    def _checks(self) -> Iterator[str]:
        yield "Every measure of one state is a check as well."
        yield ""
        rows = [
            (f"`{item.name}`", item.kind, item.doc, _parameters(item.parameters), self._inline("check", item.name))
            for item in self.domain.checks.values()
        ]
        yield from table_lines(("check", "gives", "meaning", "parameters", "example"), rows)

    def _rule(self, rule: Rule) -> Iterator[str]:
        yield from _heading(rule.name)
        yield from _prose(rule.doc)
        yield ""
        yield f"Source: {rule.citation}. Measured in {rule.unit}." if rule.unit else f"Source: {rule.citation}."
        packs = list(rule.packs)
        rows = [("level", "", "how grave a breach is", "", *rule.packs.values())]
        rows += [
            (
                f"`{figure.name}`",
                figure.form,
                figure.doc,
                figure.program,
                *(figure.packs.get(pack, "") for pack in packs),
            )
            for figure in rule.figures
        ]
        yield ""
        yield from table_lines(
            ("figure", "written as", "meaning", "a program may", *(f"`{pack}`" for pack in packs)), rows
        )
        yield from self._block("rule", rule.name)

    def _assertions(self) -> Iterator[str]:
        for item in self.domain.assertion_types.values():
            yield from _heading(item.name)
            yield from _prose(item.doc)
            yield from field_table(item.parameters)
            yield from self._block("assertion", item.name)

    def _listed(self, title: str, kind: Kind, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
        with_examples = [(*row, self._inline(kind, row[0].strip("`"))) for row in rows]
        yield from _chapter(title, table_lines((*head, "example"), with_examples) if rows else ())

    # ── set-up and tables ──────────────────────────────────────────────────────────────────────────────────────────────

    def _setup(self) -> Iterator[str]:
        for section in self.domain.sections.values():
            yield from _heading(section.name)
            yield from _prose(section.doc)
            yield from field_table(section.row)
        yield from _heading("constraints")
        yield from field_table(self.domain.constraints)

    def _tables(self) -> Iterator[str]:
        for table in self.domain.metadata.sorted_tables:
            yield from _heading(table.name)
            journal = (
                "A journal, looked at only where it is listed." if table.name in self.domain.journal_tables else ""
            )
            yield from _prose(" ".join(filter(None, (table.comment, journal))))
            rows = [
                (f"`{column.name}`", str(column.type), ", ".join(column_notes(column)), column.comment or "")
                for column in table.columns
            ]
            yield ""
            yield from table_lines(("column", "type", "notes", "meaning"), rows)


def _chapter(title: str, lines: Iterable[str]) -> Iterator[str]:
    body = tuple(lines)
    if not body:
        return
    yield from ("", f"## {title}")
    if body[0]:
        yield ""
    yield from body


def _heading(name: str) -> Iterator[str]:
    yield from ("", f"### `{name}`")


def _prose(text: str) -> Iterator[str]:
    if text:
        yield from ("", *inspect.cleandoc(text).splitlines())


def field_table(record: type) -> Iterator[str]:
    """The fields of a record as a table, after an empty line; nothing if it has none."""
    fields = record_shape(record).fields
    if fields:
        yield ""
        yield from table_lines(("key", "type", "default", "meaning"), [_field(item) for item in fields])


def _field(item: RecordField) -> tuple[str, ...]:
    marks = marks_of(item.annotation)
    unit = "".join(f", in {mark.name}" for mark in marks if isinstance(mark, Unit))
    null = " or null" * (NULLABLE in marks)
    default = "required" if item.required else _default(item)
    also = f"also: {', '.join(item.aliases)}" if item.aliases else ""
    told = ". ".join(filter(None, (*(mark.text for mark in marks if isinstance(mark, Help)), also)))
    return f"`{item.name}`", f"{type_words(item.annotation)}{null}{unit}", default, told


def _default(item: RecordField) -> str:
    return "" if item.default is None or item.default in ("", ()) else default_text(item)


def _parameters(record: type | None) -> str:
    names = [item.name for item in record_shape(record).fields] if record else []
    return ", ".join(f"`{name}`" for name in names)


def _names(measure: Measure) -> str:
    mark = "°" if measure.of_run else ""
    return ", ".join(f"`{name}`{mark}" for name in (measure.name, *measure.aliases))


def _limits(measure: Measure) -> str:
    fails = f"fails {limits_text(measure.fail)}" if measure.fail else ""
    warns = f"warns {limits_text(measure.warn)}" if measure.warn else ""
    return ", ".join(filter(None, (fails, warns)))


def table_lines(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A table without the columns that are empty in every row."""
    kept = list(rows)
    columns = [place for place in range(len(head)) if any(row[place] for row in kept)]
    yield _row(head[place] for place in columns)
    yield _row("---" for _ in columns)
    yield from (_row(row[place] for place in columns) for row in kept)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"
