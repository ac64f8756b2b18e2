"""The line by which an editor finds the schema of a scenario file: a comment at its top, as the language server for YAML reads it."""

from __future__ import annotations

import re

from rehearse.loading.load import DEFAULT_DOMAIN

_MODELINE = re.compile(r"^#[ \t]*yaml-language-server[ \t]*:[ \t]*\$schema=.*$", re.MULTILINE)


def schema_file(domain: str) -> str:
    """Return the name of the file in which a project keeps the schema, beside its project file; fit to be committed."""
    return "scenario.schema.json" if domain == DEFAULT_DOMAIN else f"scenario.{domain}.schema.json"


def modeline(schema: str) -> str:
    """Return the line that names `schema`, a path relative to the file in which the line stands."""
    return f"# yaml-language-server: $schema={schema}"


def with_modeline(text: str, schema: str) -> str:
    """Return a file's text with the line at its top; one that names another schema is replaced where it stands."""
    line = modeline(schema)
    ending = "\r\n" if "\r\n" in text else "\n"
    found = _MODELINE.search(text)
    if found is None:
        return f"{line}{ending}{text}"
    rest = "\r" if found[0].endswith("\r") else ""
    return f"{text[: found.start()]}{line}{rest}{text[found.end() :]}"
