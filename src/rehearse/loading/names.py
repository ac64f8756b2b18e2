"""What a name of an expectation means, settled before anything runs.

In this order: a measure (of a map measure one entry), a field of the data that exactly one step's operation gives, a PATH into the
state after the run. ``measures.``, ``steps.``, ``before.`` and ``after.`` say it outright.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from rehearse.domain import Measure
from rehearse.errors import Code, did_you_mean
from rehearse.expectation import MeasureRef, Reference, ResultRef, StatePath, StateRef
from rehearse.loading.paths import Filter, Part, split_name
from rehearse.loading.results import Unknown, kind_below, kind_of_result
from rehearse.loading.scalar_readers import date_of_text, moment_of_text
from rehearse.loading.vocabulary import KIND_OF_MEASURE, Kind, StoredTable, Vocabulary
from rehearse.scenario import Step
from rehearse.values import FrozenMap

if TYPE_CHECKING:
    from rehearse.expectation import When
    from rehearse.loading.spot import Spot
    from rehearse.source import Span
    from rehearse.values import Value

PATH_FORMS = "write TABLE.count, TABLE.ID.FIELD, TABLE['ID'].FIELD or TABLE[FIELD=VALUE].count"
_PLAIN_LENGTH = 3  # TABLE, ID, FIELD


@dataclass(frozen=True)
class Found:
    """What a name means.

    Attributes:
        reference: What to look at.
        kind: What is known of its value.
        measure: The measure it reads, or None.
    """

    reference: Reference
    kind: Kind
    measure: Measure | None = None


@dataclass(frozen=True)
class Mistake:
    """Why a name means nothing."""

    code: Code
    summary: str
    remedy: str = ""


_SILENCE = Mistake("unknown-name", "")
"""What cannot be settled because of a mistake that is reported elsewhere."""


@dataclass(frozen=True)
class Names:
    """The names that mean something in one scenario.

    Attributes:
        vocabulary: The domain's words.
        steps: The scenario's steps.
        policy: What the domain made of the set-up.
        settled: False if there is no policy, since the set-up has mistakes; what depends on it is not checked then.
        steps_known: False if a step has mistakes; a name that may be one of its results is not called unknown then.
    """

    vocabulary: Vocabulary
    steps: tuple[Step, ...]
    policy: object
    settled: bool = True
    steps_known: bool = True

    def settle(self, text: str, spot: Spot, span: Span) -> Found | None:
        """Return what `text` means, or None after a complaint at `span`."""
        found = self._outright(text) or self._by_order(text)
        if isinstance(found, Found) and found.measure is not None and self.settled and found.measure.unavailable:
            reason = found.measure.unavailable(self.policy)
            found = Mistake("conflict", f"`{text}` cannot be asked here: {reason}") if reason else found
        return _answer(found, spot, span)

    def path(self, text: str, spot: Spot, span: Span) -> StatePath | None:
        """Return the PATH that `text` writes, or None after a complaint at `span`."""
        found = self._state(text, text, "after")
        answer = _answer(found, spot, span)
        return answer.reference.path if answer and isinstance(answer.reference, StateRef) else None

    def path_kind(self, path: StatePath) -> Kind:
        """Return what is known of the values at `path`."""
        if path.field is None:
            return "number"
        kind = kind_below(self.vocabulary.tables[path.table].kind(path.field), path.rest, path.field)
        return "any" if isinstance(kind, Unknown) else kind

    def measure(self, name: str) -> Found | None:
        """Return the measure, or one entry of a map measure, that `name` means; None if it means none."""
        found = self._measure(name)
        return found if isinstance(found, Found) else None

    def means_something(self, text: str) -> bool:
        """Return whether `text` would be a name in ``assertions``."""
        return isinstance(self._outright(text) or self._by_order(text), Found)

    # ── the forms that say it outright ─────────────────────────────────────────────────────────────────────────────────

    def _outright(self, text: str) -> Found | Mistake | None:
        head, _, rest = text.partition(".")
        if head == "measures":
            return self._measure(rest) or Mistake(
                "unknown-name", f"there is no measure `{rest}`", did_you_mean(rest, self._words())
            )
        if head == "steps":
            return self._result(text)
        if head == "before":
            return self._state_or_measure(text, rest, "before")
        if head == "after":
            return self._state_or_measure(text, rest, "after")
        return None

    def _state_or_measure(self, text: str, rest: str, state: When) -> Found | Mistake:
        found = self._measure(rest)
        if found is None:
            return self._state(text, rest, state)
        if isinstance(found, Mistake) or found.measure is None or not isinstance(found.reference, MeasureRef):
            return found
        if found.measure.of_state is None:
            return Mistake(
                "conflict", f"`{rest}` reads the whole run, so it has no value {state} it", f"write `{rest}` alone"
            )
        return Found(MeasureRef(found.reference.name, found.reference.key, state), found.kind, found.measure)

    def _result(self, text: str) -> Found | Mistake:
        parts = split_name(text) or ()
        plain = tuple(part for part in parts if not isinstance(part, Filter))
        if len(plain) < 2 or len(plain) != len(parts):  # noqa: PLR2004  (``steps`` and a name)
            return Mistake("unknown-name", f"`{text}` names no result", "write steps.NAME.data.FIELD")
        step = next((step for step in self.steps if plain[1] in step.names), None)
        if step is None and not self.steps_known:
            return _SILENCE
        if step is None:
            names = [name for step in self.steps for name in step.names]
            return Mistake("unknown-name", f"there is no step `{plain[1]}`", did_you_mean(str(plain[1]), names))
        kind = kind_of_result(self.vocabulary.domain.operations[step.operation], plain[2:])
        if isinstance(kind, Unknown):
            return Mistake("unknown-name", f"`{text}` names nothing: {kind.summary}", kind.remedy)
        return Found(ResultRef(step.name, plain[2:]), kind)

    # ── the order: measure, data, PATH ─────────────────────────────────────────────────────────────────────────────────

    def _by_order(self, text: str) -> Found | Mistake:
        found = self._measure(text) or self._data(text)
        if found is not None:
            return found
        parts = split_name(text)
        if parts and parts[0] in self.vocabulary.tables:
            return self._state(text, text, "after")
        if not self.steps_known:
            return _SILENCE
        known = (*self._words(), *self._data_fields(), *self.vocabulary.tables)
        summary = f"`{text}` is no measure, no result of a step and no path"
        return Mistake("unknown-name", summary, _nearest(text, parts, known))

    def _measure(self, text: str) -> Found | Mistake | None:
        measures = self.vocabulary.measures
        if text in measures:
            measure = measures[text]
            return Found(MeasureRef(measure.name), KIND_OF_MEASURE[measure.kind], measure)
        parts = split_name(text)
        if not parts or len(parts) == 1 or parts[0] not in measures:
            return None
        return self._entry(text, measures[str(parts[0])], parts)

    def _entry(self, text: str, measure: Measure, parts: tuple[Part, ...]) -> Found | Mistake:
        if measure.kind == "collection" and parts[1:] == ("count",):
            return Found(MeasureRef(measure.name, "count"), "number", measure)
        if measure.kind != "map":
            return Mistake(
                "unknown-name", f"`{text}` names nothing: `{parts[0]}` has no entries", f"write `{parts[0]}` alone"
            )
        if any(isinstance(part, Filter) for part in parts):
            return Mistake("unknown-name", f"`{text}` names nothing", f"write {parts[0]}.NAME")
        key = ".".join(str(part) for part in parts[1:])
        return Found(MeasureRef(measure.name, key), KIND_OF_MEASURE[measure.item], measure)

    def _data(self, text: str) -> Found | Mistake | None:
        parts = split_name(text)
        if not parts or any(isinstance(part, Filter) for part in parts):
            return None
        operations = self.vocabulary.domain.operations
        steps = [step for step in self.steps if parts[0] in operations[step.operation].data]
        if not steps:
            return None
        if len(steps) > 1:
            names = ", ".join(step.name for step in steps)
            remedy = f"add `value: steps.{steps[0].names[-1]}.data.{text}`, or another of them"
            return Mistake("conflict", f"`{text}` is given by several steps: {names}", remedy)
        path = ("data", *(part for part in parts if not isinstance(part, Filter)))
        kind = kind_of_result(operations[steps[0].operation], path)
        if isinstance(kind, Unknown):
            return Mistake("unknown-name", f"`{text}` names nothing: {kind.summary}", kind.remedy)
        return Found(ResultRef(steps[0].name, path), kind)

    # ── PATHs ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _state(self, text: str, path: str, state: When) -> Found | Mistake:
        parts = split_name(path)
        if not parts or len(parts) == 1:
            return Mistake("unknown-name", f"`{text}` is no path", PATH_FORMS)
        table = self.vocabulary.tables.get(str(parts[0]))
        if table is None:
            return Mistake(
                "unknown-name", f"there is no table `{parts[0]}`", did_you_mean(str(parts[0]), self.vocabulary.tables)
            )
        if parts[1:] == ("count",):
            return Found(StateRef(StatePath(table.name, None, FrozenMap(), None, (), path), state), "number")
        if isinstance(parts[1], Filter):
            return _filtered(table, parts[1], parts[2:], path, state)
        return _field_path(table, parts, path, state)

    def _words(self) -> tuple[str, ...]:
        return tuple(self.vocabulary.measures)

    def _data_fields(self) -> tuple[str, ...]:
        operations = self.vocabulary.domain.operations
        return tuple(name for step in self.steps for name in operations[step.operation].data)


def _nearest(text: str, parts: tuple[Part, ...] | None, known: tuple[str, ...]) -> str:
    """Suggest for the whole name; if nothing is near, for its first part alone."""
    remedy = did_you_mean(text, known)
    if remedy.startswith("known") and parts and len(parts) > 1:
        return did_you_mean(str(parts[0]), known)
    return remedy


def _answer(found: Found | Mistake, spot: Spot, span: Span) -> Found | None:
    if isinstance(found, Found):
        return found
    if found is not _SILENCE:
        spot.complain(found.code, found.summary, span=span, remedy=found.remedy)
    return None


def _filtered(table: StoredTable, condition: Filter, rest: tuple[Part, ...], path: str, state: When) -> Found | Mistake:
    if rest != ("count",):
        remedy = f"write `{path.partition(']')[0]}].count`"
        return Mistake("unknown-name", f"`{path}` is no path: rows that are filtered can only be counted", remedy)
    where: dict[str, Value] = {}
    for name, written in condition.conditions:
        field = table.field(name)
        if field is None:
            return Mistake("unknown-name", f"`{table.name}` has no field `{name}`", did_you_mean(name, table.fields))
        value = value_of_text(written, table.kind(field))
        if value is None:
            return Mistake("wrong-type", f"`{written}` is no {table.kind(field)}, which `{field}` is")
        where[field] = value
    return Found(StateRef(StatePath(table.name, None, FrozenMap(where), None, (), path), state), "number")


def _field_path(table: StoredTable, parts: tuple[Part, ...], path: str, state: When) -> Found | Mistake:
    plain = tuple(part for part in parts if not isinstance(part, Filter))
    if len(plain) != len(parts) or len(plain) < _PLAIN_LENGTH:
        return Mistake("unknown-name", f"`{path}` is no path", PATH_FORMS)
    field = table.field(str(plain[2]))
    if field is None:
        return Mistake(
            "unknown-name", f"`{table.name}` has no field `{plain[2]}`", did_you_mean(str(plain[2]), table.fields)
        )
    kind = kind_below(table.kind(field), plain[3:], field)
    if isinstance(kind, Unknown):
        return Mistake("unknown-name", f"`{path}` names nothing: {kind.summary}", kind.remedy)
    state_path = StatePath(table.name, str(plain[1]), FrozenMap(), field, plain[3:], path)
    return Found(StateRef(state_path, state), kind)


def value_of_text(text: str, kind: Kind) -> Value:
    """Read the text of a filter as a value of `kind`; None if it is none."""
    match kind:
        case "number":
            try:
                return Decimal(text)
            except InvalidOperation:
                return None
        case "bool":
            return {"true": True, "false": False}.get(text)
        case "date":
            return date_of_text(text)
        case "moment":
            return moment_of_text(text)
        case _:
            return text
