"""The schema of a whole scenario file: the engine's keys, filled with one domain's sections, operations, measures and tables."""

from __future__ import annotations

import json
from inspect import cleandoc
from typing import TYPE_CHECKING

from rehearse.loading import forms
from rehearse.loading.reader import record_shape
from rehearse.measures import measures_of
from rehearse.report.examples import examples_of
from rehearse.report.schema.expectations import assertion_schema, expected_schema, performance_schema, spec_schema
from rehearse.report.schema.types import (
    PLACEHOLDER,
    Schema,
    any_of,
    first_paragraph,
    record_schema,
    type_schema,
    words,
)

if TYPE_CHECKING:
    from rehearse.domain import Domain, Operation
    from rehearse.report.document import Json
    from rehearse.report.examples import Example

DRAFT = "http://json-schema.org/draft-07/schema#"
_ANYTHING: Schema = {}
_AXES: Schema = {
    "type": "object",
    "additionalProperties": any_of([{"type": "array"}, {"type": "object"}, PLACEHOLDER]),
}


def schema_text(domain: Domain) -> str:
    """Return the JSON Schema of scenario files for `domain`, as text with a final line feed; the same every time."""
    return json.dumps(file_schema(domain), separators=(",", ":"), ensure_ascii=False) + "\n"


def file_schema(domain: Domain) -> Schema:
    """Return the schema of a file: ``scenario`` or ``scenarios``, and nothing beside it."""
    whole: Schema = {"$ref": "#/definitions/scenario"}
    examples = examples_of(domain)
    return {
        "$schema": DRAFT,
        "description": f"Rehearse scenarios, domain {domain.name}.",
        "type": "object",
        "properties": {"scenario": whole, "scenarios": {"type": "array", "minItems": 1, "items": whole}},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
        "definitions": {
            "scenario": _scenario(domain),
            "assertion": assertion_schema(domain),
            "spec": spec_schema(),
            "limits": record_schema(forms.ThresholdForm),
            "step": _step(domain, forms.StepForm),
            "concurrent_step": _step(domain, forms.ConcurrentStepForm),
            **{f"parameters_{name}": _parameters(operation) for name, operation in domain.operations.items()},
            **{
                f"operation_{name}": _documented(operation, examples.get(("operation", name)))
                for name, operation in domain.operations.items()
            },
        },
    }


def _scenario(domain: Domain) -> Schema:
    categories: list[Json] = list(domain.categories)
    schema = record_schema(
        forms.ScenarioForm,
        more={
            "category": {"enum": categories, "description": "One of the domain's."},
            "variables": {"type": "object", "description": "Name → value, used as ${name}."},
            "matrix": _matrix(),
            "setup": _setup(domain),
            "test_case": _test_case(domain),
            "expected_outcome": expected_schema(domain),
            "validation": _validation(),
            "artifacts": record_schema(forms.ArtifactsForm),
        },
    )
    return {**schema, "patternProperties": {"^x-": _ANYTHING}}


def _matrix() -> Schema:
    return {
        "type": "object",
        "description": "Makes many scenarios of one: product crosses its axes, zip walks them together.",
        "properties": {"product": _AXES, "zip": _AXES, "exclude": {"type": "array", "items": {"type": "object"}}},
        "additionalProperties": False,
    }


# ── setup ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _setup(domain: Domain) -> Schema:
    fixtures: Schema = {"type": "array", "items": any_of([{"type": "string"}, record_schema(forms.FixtureForm)])}
    properties: dict[str, Json] = {
        "database": record_schema(forms.DatabaseForm, more={"load_fixtures": fixtures}),
        **{name: _rows(section.row, section.doc) for name, section in domain.sections.items()},
        "constraints": record_schema(domain.constraints),
        "preconditions": {"type": "array", "items": _precondition(domain)},
    }
    return {
        "type": "object",
        "description": "The world before anything happens.",
        "properties": properties,
        "additionalProperties": False,
    }


def _rows(row: type, doc: str) -> Schema:
    """A list of rows; ``generate`` or ``generator`` in place of a row is told by its key, so that mistakes show in the right place."""
    template = record_schema(row, complete=False)
    generated: Schema = {
        "type": "object",
        "properties": {
            "generate": {
                "type": "object",
                "properties": {
                    "count": type_schema(forms.Count),
                    "for": _AXES,
                    "cycle": _AXES,
                    "template": {**template, "description": "A row, in which ${loop.…} may stand."},
                },
                "required": ["template"],
                "additionalProperties": False,
            },
            "generator": {"type": "string"},
        },
    }
    return {
        "type": "array",
        "description": doc,
        "items": {
            "if": {"anyOf": [{"required": ["generate"]}, {"required": ["generator"]}]},
            "then": generated,
            "else": record_schema(row),
        },
    }


def _precondition(domain: Domain) -> Schema:
    docs = {name: check.doc for name, check in domain.checks.items()}
    for name, measure in sorted(measures_of(domain).items()):
        if measure.of_state is not None:
            docs.setdefault(name, measure.doc)
    return record_schema(forms.PreconditionForm, more={"check": {"description": "what must hold", **words(docs)}})


# ── test_case ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _test_case(domain: Domain) -> Schema:
    steps: Schema = {"type": "array", "items": {"$ref": "#/definitions/step"}}
    together: Schema = {"type": "array", "minItems": 2, "items": {"$ref": "#/definitions/concurrent_step"}}
    own: dict[str, Schema] = {
        **_of_operation(domain),
        "operations": {**steps, "description": "Steps, one after another."},
        "concurrent_operations": {**together, "description": "Steps, all together."},
    }
    schema = record_schema(forms.TestCaseForm, more=own)
    return {**schema, "description": "What happens.", "allOf": _by_operation(domain)}


def _of_operation(domain: Domain) -> dict[str, Schema]:
    """The keys whose meaning the operation decides: what is said of them stands in `_by_operation`."""
    docs = {name: operation.doc for name, operation in domain.operations.items()}
    return {"operation": words(docs), "parameters": {"doNotSuggest": True}}


def _step(domain: Domain, form: type) -> Schema:
    own = {**_of_operation(domain), "performance_metrics": performance_schema()}
    return {**record_schema(form, more=own), "allOf": _by_operation(domain)}


def _by_operation(domain: Domain) -> list[Json]:
    return [
        {
            "if": {"properties": {"operation": {"const": name}}, "required": ["operation"]},
            "then": {
                "properties": {
                    "operation": {"$ref": f"#/definitions/operation_{name}"},
                    "parameters": {"$ref": f"#/definitions/parameters_{name}"},
                }
            },
        }
        for name in domain.operations
    ]


def _parameters(operation: Operation) -> Schema:
    schema = {**record_schema(operation.parameters), "description": first_paragraph(operation.doc)}
    required = [item.name for item in record_shape(operation.parameters).fields if item.required]
    if required:
        body: dict[str, Json] = {name: f"${number}" for number, name in enumerate(required, 1)}
        schema["defaultSnippets"] = [{"label": f"what {operation.name} must be told", "body": body}]
    return schema


def _documented(operation: Operation, example: Example | None) -> Schema:
    """What is shown of an operation's name: the whole docstring, and a step that uses it."""
    told = cleandoc(operation.doc)
    if example:
        told += "\n\n```yaml\n" + "\n".join(example.lines) + "\n```"
    return {"description": first_paragraph(operation.doc), "markdownDescription": told}


# ── validation ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _validation() -> Schema:
    overrides: Schema = {"type": "object", "additionalProperties": record_schema(forms.OverrideForm)}
    validators: Schema = {"type": "array", "items": record_schema(forms.CustomValidationForm)}
    partial: Schema = {"type": "object", "additionalProperties": {"type": "boolean"}}
    return record_schema(
        forms.ValidationForm,
        more={
            "tolerances": record_schema(forms.TolerancesForm, more={"field_overrides": overrides}),
            "partial_match": partial,
            "custom_validators": validators,
        },
    )
