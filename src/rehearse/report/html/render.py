"""A report as one HTML file: no script, no remote asset, nothing in it but text that was escaped."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, FunctionLoader, StrictUndefined

from rehearse.report.html.view import view
from rehearse.report.model import LIMITS, Limits

if TYPE_CHECKING:
    from jinja2 import Template

    from rehearse.report.model import RunReport

MAX_BYTES = 10 * 1024 * 1024
"""A page beyond this is made again with a quarter of every limit, until it fits."""


def html_report(report: RunReport, *, limits: Limits = LIMITS) -> str:
    """Return the report as a self-contained page of at most 10 MB."""
    page = _rendered(report, limits)
    while len(page.encode()) > MAX_BYTES and limits.rows > 1:
        limits = limits.smaller()
        page = _rendered(report, limits)
    return page


def _rendered(report: RunReport, limits: Limits) -> str:
    style = _read("report.css")
    return _template().render(page=view(report, limits), style=style, policy=content_policy(style))


def content_policy(style: str) -> str:
    """Return the page's content security policy: nothing is allowed but the one style sheet, by its hash."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(_read),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2")


@lru_cache(maxsize=16)
def _read(name: str) -> str:
    return resources.files("rehearse.report.html").joinpath("templates", name).read_text(encoding="utf-8")
