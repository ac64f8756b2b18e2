"""What every page is: one file with its styles and scripts inside, each allowed by its hash, and nothing else."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, FunctionLoader, StrictUndefined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Template

HERE = "rehearse.report.html"
BASE_STYLE, BASE_SCRIPT = "base.css", "base.js"
"""Colours of both themes and the shapes that all pages share; the state that stands in a page's address, and the switch of the theme."""


def page(
    name: str,
    package: str,
    view: object,
    *,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    is_served: bool = False,
) -> str:
    """Return a page made from the template `name` of a package, which extends ``base.html.j2``.

    Args:
        name: The template.
        package: Whose folder ``templates`` holds it and its files; whatever it has not is looked for here.
        view: What the template knows as ``page``.
        styles: Files of style sheets after the base's.
        scripts: Files of scripts after the base's.
        is_served: Whether it may speak to the server that it comes from; a file from disk speaks to nobody.
    """
    style = "\n".join(text_of(file, package) for file in (BASE_STYLE, *styles))
    script = "\n".join(text_of(file, package) for file in (BASE_SCRIPT, *scripts))
    policy = content_policy(style, script, is_served=is_served)
    return template(name, package).render(page=view, style=style, script=script, policy=policy)


def content_policy(style: str, script: str = "", *, is_served: bool = False) -> str:
    """Return a page's content security policy: nothing is allowed but its own style sheet and script, by their hashes."""
    scripts = f"script-src '{_digest(script)}'; " if script else ""
    server = "connect-src 'self'; form-action 'self'" if is_served else "form-action 'none'"
    return f"default-src 'none'; style-src '{_digest(style)}'; {scripts}base-uri 'none'; {server}"


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@lru_cache(maxsize=16)
def template(name: str, package: str = HERE) -> Template:
    """Return a template of a package, or of this one; everything in it is escaped, and a name that is not there is an error."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FunctionLoader(lambda file: text_of(file, package)),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


@lru_cache(maxsize=64)
def text_of(file: str, package: str = HERE) -> str:
    """Return a file of the templates of a package, or else of this one."""
    for each in dict.fromkeys((package, HERE)):
        path = resources.files(each).joinpath("templates", file)
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise FileNotFoundError(f"no template {file} in {package}")
