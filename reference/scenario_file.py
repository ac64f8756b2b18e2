"""The keys of a scenario file: the sentences stand in ``scenario_file.md``, the tables come from the records that the loader reads."""

from __future__ import annotations

import re
from pathlib import Path

from rehearse.loading import forms
from rehearse.report.reference_markdown import field_table

TEMPLATE = Path(__file__).with_name("scenario_file.md")
_TABLE = re.compile(r"^\{\{ (?P<form>\w+) \}\}$", re.MULTILINE)


def scenario_file_page() -> str:
    """Return the page.

    Raises:
        ValueError: If a record of the loader has no table on it.
    """
    text = TEMPLATE.read_text(encoding="utf-8")
    missing = {name for name in vars(forms) if name.endswith("Form")} - set(_TABLE.findall(text)) - PARTS
    if missing:
        raise ValueError(f"give these a place in {TEMPLATE.name}: {sorted(missing)}")
    return _TABLE.sub(lambda match: "\n".join(field_table(getattr(forms, match["form"]))).strip(), text)


PARTS = {
    "BooleanAssertionForm",
    "NumericAssertionForm",
    "StringAssertionForm",
    "CollectionAssertionForm",
    "EqualAssertionForm",
    "BooleanFieldForm",
    "NumericFieldForm",
    "StringFieldForm",
    "CollectionFieldForm",
    "EqualFieldForm",
    "FieldCommonForm",
    "ConcurrentStepForm",
}
"""Records made of others that have a table of their own."""
