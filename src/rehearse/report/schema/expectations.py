"""The schema of ``expected_outcome``: measures by name, assertions by type, tables by their columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from rehearse.loading import forms
from rehearse.loading.specs import SPEC_TYPES
from rehearse.loading.vocabulary import vocabulary_of
from rehearse.measures import measures_of
from rehearse.report.reference import measure_kind
from rehearse.report.schema.types import PLACEHOLDER, Schema, any_of, record_schema, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearse.domain import Domain, Measure
    from rehearse.loading.vocabulary import StoredTable
    from rehearse.report.document import Json


class _Documented(Protocol):
    """A word of a domain that says what it means."""

    @property
    def doc(self) -> str: ...


_ANYTHING: Schema = {}
_ASSERTION: Schema = {"$ref": "#/definitions/assertion"}
_SPEC: Schema = {"$ref": "#/definitions/spec"}
_LIMITS: Schema = {"$ref": "#/definitions/limits"}
_SPECS = (
    forms.BooleanAssertionForm,
    forms.NumericAssertionForm,
    forms.StringAssertionForm,
    forms.CollectionAssertionForm,
    forms.EqualAssertionForm,
)
_PLAIN: dict[str, Schema] = {
    "bool": {"type": "boolean"},
    "number": {"type": "number"},
    "text": {"type": "string"},
    "collection": {"type": "array"},
    "map": {"type": "object"},
}


def expected_schema(domain: Domain) -> Schema:
    """Return the schema of ``expected_outcome``: an unknown key, such as a misspelt measure, does not fit."""
    measures = measures_of(domain)
    by_name: dict[str, Json] = {name: _shorthand(measure) for name, measure in measures.items()}
    numbers = "|".join(re.escape(name) for name, measure in measures.items() if measure.kind == "number")
    return {
        "type": "object",
        "description": "What must hold afterwards. A measure's name is an assertion about it.",
        "minProperties": 1,
        "properties": {
            **by_name,
            "success": any_of([{"type": "boolean"}, PLACEHOLDER]),
            "assertions": _assertions(domain),
            "final_state": _final_state(domain),
            "state_comparison": _list(
                record_schema(forms.StateComparisonForm, more={"initial": _ANYTHING, "final": _ANYTHING})
            ),
            "changes": _changes(domain),
            "expected_errors": _list(
                record_schema(forms.ExpectedErrorForm, more={"type": words(_docs(domain.error_types))})
            ),
            "performance_metrics": performance_schema(),
            "custom_validations": _list(record_schema(forms.CustomValidationForm)),
            "invariants": _list(_invariant(domain)),
            "thresholds": _thresholds(domain),
        },
        "patternProperties": {
            _entries_of_maps(domain): _ANYTHING,
            f"^(min|max)_({numbers})$": any_of([{"type": "number"}, PLACEHOLDER]),
        },
        "additionalProperties": False,
    }


def performance_schema() -> Schema:
    """Return the schema of ``performance_metrics``."""
    return record_schema(forms.PerformanceForm)


def _docs(documented: Mapping[str, _Documented]) -> dict[str, str]:
    return {name: item.doc for name, item in documented.items()}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _entries_of_maps(domain: Domain) -> str:
    """The pattern of one entry of a measure that is a map: ``weekly_hours.R1``."""
    names = "|".join(re.escape(name) for name, measure in measures_of(domain).items() if measure.kind == "map")
    return f"^({names})[.\\[]"


def _shorthand(measure: Measure) -> Schema:
    fitting = any_of([_PLAIN[measure.kind], {"type": "null"}, _SPEC, PLACEHOLDER])
    return {"description": _told(measure), **fitting}


def _told(measure: Measure) -> str:
    return f"{' '.join(measure.doc.split())} ({measure_kind(measure)})"


def spec_schema() -> Schema:
    """A spec of any of the engine's types, told apart no further: which keys fit together is for `rehearse check`."""
    properties: dict[str, Json] = {}
    for form in _SPECS:
        found = record_schema(form)["properties"]
        if isinstance(found, dict):
            properties = {**found, **properties}
    types: list[Json] = list(SPEC_TYPES)
    loose: dict[str, Json] = {"expected": _ANYTHING, "match_type": {"enum": _match_types()}, "type": {"enum": types}}
    return {"type": "object", "properties": {**properties, **loose}, "additionalProperties": False}


def _match_types() -> list[Json]:
    return [
        "exact",
        "contains",
        "regex",
        "case_insensitive",
        "subset",
        "superset",
        "contains_all",
    ]


def _assertions(domain: Domain) -> Schema:
    """A name that means something may stand alone; any other is a label, and must say what it looks at."""
    measures = measures_of(domain)
    named: dict[str, Json] = {name: {"description": _told(measure), **_ASSERTION} for name, measure in measures.items()}
    fields = {name: operation.name for operation in domain.operations.values() for name in operation.data}
    named |= {
        name: {"description": f"A field of the data of {operation} and perhaps of others.", **_ASSERTION}
        for name, operation in fields.items()
        if name not in measures
    }
    tables = "|".join(re.escape(name) for name in vocabulary_of(domain).tables)
    return {
        "type": "object",
        "description": "Name → plain value, or a spec. The name is a measure, a field of data, a path, or a label.",
        "properties": named,
        "patternProperties": {f"^({tables})[.\\[]|{_entries_of_maps(domain)}": _ASSERTION},
        "additionalProperties": {"allOf": [_labelled(domain), _ASSERTION]},
    }


def _labelled(domain: Domain) -> Schema:
    """An assertion under a name that means nothing: it says itself what it looks at."""
    message = (
        "no measure, field of data or path has this name; a label needs `value:`, or a `type:` that looks by itself"
    )
    types: Schema = {"type": {"enum": list(domain.assertion_types)}}
    return {
        "type": "object",
        "anyOf": [
            {"required": ["value"], "errorMessage": message},
            {"properties": types, "required": ["type"], "errorMessage": message},
        ],
        "errorMessage": message,
    }


def assertion_schema(domain: Domain) -> Schema:
    """Return the schema of one assertion: a plain value, a spec, or one of the domain's types with its own keys."""
    common = record_schema(forms.CommonForm)["properties"]
    shared = {name: value for name, value in common.items() if name != "value"} if isinstance(common, dict) else {}
    own: list[Json] = []
    for name, item in domain.assertion_types.items():
        schema = record_schema(item.parameters)
        properties = schema["properties"]
        if isinstance(properties, dict):
            own.append(
                {
                    "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
                    "then": {**schema, "properties": {**shared, **properties, "type": {"const": name}}},
                }
            )
    types: dict[str, str] = dict.fromkeys(SPEC_TYPES, "a comparison of the engine")
    types |= _docs(domain.assertion_types)
    engines: Schema = {
        "if": {"properties": {"type": {"enum": list(domain.assertion_types)}}, "required": ["type"]},
        "else": {"if": {"type": "object"}, "then": _SPEC},
    }
    return {
        "if": {"type": "object"},
        "then": {"properties": {"type": words(types)}, "allOf": [*own, engines]},
    }


# ── tables ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _final_state(domain: Domain) -> Schema:
    tables: dict[str, Json] = {name: _list(_pattern(table)) for name, table in vocabulary_of(domain).tables.items()}
    if domain.compliance is not None:
        tables["compliance"] = _list(record_schema(forms.CompliancePatternForm))
    return {"type": "object", "properties": tables, "additionalProperties": False}


def _pattern(table: StoredTable) -> Schema:
    group: dict[str, Json] = {
        "where": {"type": "object"},
        "count": _ANYTHING,
        "coverage_count": _ANYTHING,
        "absent": {"type": "boolean"},
        "exact": {"type": "boolean"},
        "critical": {"type": "boolean"},
        "message": {"type": "string"},
    }
    return {
        "type": "object",
        "properties": {**dict.fromkeys((*table.fields, *table.aliases), _ANYTHING), **group},
        "additionalProperties": False,
    }


def _changes(domain: Domain) -> Schema:
    tables = vocabulary_of(domain).tables
    listed: dict[str, Json] = {
        "only": {"type": "boolean", "description": "Nothing else may have changed."},
        "except": _list({"enum": list(tables)}),
        **{name: _list(_change(table)) for name, table in tables.items()},
    }
    return any_of(
        [{"enum": ["none"]}, {"type": "object", "properties": listed, "additionalProperties": False}, PLACEHOLDER]
    )


def _change(table: StoredTable) -> Schema:
    stored: dict[str, Json] = dict.fromkeys((*table.columns, *table.aliases), _ANYTHING)
    row: Schema = {"type": "object", "properties": stored, "additionalProperties": False}
    own: dict[str, Json] = {
        "update": any_of([{"type": "string"}, row]),
        "insert": row,
        "delete": any_of([{"type": "string"}, row]),
        "count": {"type": "integer", "minimum": 1},
    }
    return {"type": "object", "properties": {**stored, **own}, "additionalProperties": False}


def _invariant(domain: Domain) -> Schema:
    names = words(_docs(domain.invariants))
    return any_of([names, record_schema(forms.InvariantForm, more={"name": names})])


def _thresholds(domain: Domain) -> Schema:
    return {
        "type": "object",
        "properties": {"profile": {"enum": ["standard"]}, **dict.fromkeys(measures_of(domain), _LIMITS)},
        "additionalProperties": False,
    }
