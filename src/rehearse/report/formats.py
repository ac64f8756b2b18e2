"""The formats that a report of one run has; what makes one is loaded when it is wanted."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rehearse.report.model import RunReport
    from rehearse.run.outcome import ScenarioResult
    from rehearse.run.rejudge import StoredFiles


def _json(report: RunReport) -> str:
    from rehearse.report.json import json_report  # noqa: PLC0415  (only who wants a format pays for it)

    return json_report(report)


def _yaml(report: RunReport) -> str:
    from rehearse.report.yaml import yaml_report  # noqa: PLC0415  (as above)

    return yaml_report(report)


def _html(report: RunReport) -> str:
    from rehearse.report.html import html_report  # noqa: PLC0415  (as above)

    return html_report(report)


def _junit(report: RunReport) -> str:
    from rehearse.report.junit import junit_report  # noqa: PLC0415  (as above)

    return junit_report([report])


def _markdown(report: RunReport) -> str:
    from rehearse.report.markdown import markdown_report  # noqa: PLC0415  (as above)

    return markdown_report(report)


RENDERERS: Mapping[str, Callable[[RunReport], str]] = MappingProxyType(
    {"json": _json, "yaml": _yaml, "html_report": _html, "junit": _junit, "markdown": _markdown}
)
"""Export format → what makes its file."""

FOR_PEOPLE = ("html_report", "markdown")
"""The formats that show the SQL log or the domain's panels."""


def rendered(format_name: str, files: StoredFiles, result: ScenarioResult) -> str:
    """Return a format's file for a run."""
    from rehearse.report.stored import stored_report  # noqa: PLC0415  (as above)

    return RENDERERS[format_name](stored_report(files, result, whole=format_name in FOR_PEOPLE))


def exported(format_name: str, result: ScenarioResult) -> str:
    """Return a format's file for a run that is just ending, from its result and the files in its folder."""
    from rehearse.report.folder import Folder  # noqa: PLC0415  (as above)

    return rendered(format_name, Folder(Path(result.run_path)), result)


EXPORTERS: Mapping[str, Callable[[ScenarioResult], str]] = MappingProxyType(
    {name: partial(exported, name) for name in RENDERERS}
)
"""What a run is given to write its exports with (`rehearse.run.evidence.Folder`)."""
