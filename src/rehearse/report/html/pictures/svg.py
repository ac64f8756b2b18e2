"""A figure as SVG that may stand in a page: no style of its own, colours of the page's theme, ids that no other picture has.

Matplotlib writes styles and ids that a strict page forbids or that clash; here each style becomes attributes, each colour a variable.
"""

from __future__ import annotations

import io
import re
import threading
import warnings
from html import escape
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.figure import Figure

INK, QUIET, PAPER, LINE, SHADE = "#0a0101", "#0a0102", "#0a0103", "#0a0104", "#0a0105"
GOOD, BAD, WARN, ACCENT, SOFT = "#0a0106", "#0a0107", "#0a0108", "#0a0109", "#0a010a"
VARIABLES = {
    INK: "--ink",
    QUIET: "--quiet",
    PAPER: "--paper",
    LINE: "--line",
    SHADE: "--shade",
    GOOD: "--good",
    BAD: "--bad",
    WARN: "--warn",
    ACCENT: "--accent",
    SOFT: "--soft",
}
"""Colours that nobody would choose → the variable of the page's theme that takes their place."""

FONT = 12
_POINTS = 72
_DROPPED = {"font-family"}
_SPACE = re.compile(r"\s+")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_LOCK = threading.Lock()
_SETTINGS: dict[Any, object] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "rehearse",
    "text.parse_math": False,
    "text.usetex": False,
    "path.simplify": False,
    "font.family": ["DejaVu Sans"],
    "font.size": FONT,
    "axes.unicode_minus": True,
    "text.color": INK,
    "hatch.color": INK,
    "hatch.linewidth": 1.0,
    "figure.dpi": _POINTS,
}


def svg_of(size: tuple[float, float], paint: Callable[[Figure], None], *, name: str, words: tuple[str, str]) -> str:
    """Return a painted figure as an SVG element.

    Args:
        size: Width and height in the picture's own units, of which a line of text has 12.
        paint: Draws on the empty figure.
        name: Of the picture within its page; every id begins with it.
        words: Title and description, for whoever cannot see it.
    """
    text = _painted(size, paint)
    root = ET.fromstring(text)  # noqa: S314  (matplotlib's own text)
    _bring_into_line(root, name)
    title, description = (escape(item) for item in words)
    inner = "".join(_written(child) for child in root)
    head = (
        f'<svg class="picture" role="img" aria-labelledby="{name}-title {name}-desc" viewBox="{root.get("viewBox")}" '
        f'width="{size[0]:g}" height="{size[1]:g}" stroke-linejoin="round" stroke-linecap="butt">'
    )
    return f'{head}<title id="{name}-title">{title}</title><desc id="{name}-desc">{description}</desc>{inner}</svg>'


def _painted(size: tuple[float, float], paint: Callable[[Figure], None]) -> str:
    """Draw under settings of our own, one picture at a time, since matplotlib's settings are the process's."""
    import matplotlib as mpl  # noqa: PLC0415  (only whoever wants a picture pays for it)
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with _LOCK, mpl.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that its own font has not are the browser's to draw
        mpl.rcdefaults()
        for key, value in _SETTINGS.items():
            mpl.rcParams[key] = value
        figure = Figure(figsize=(size[0] / _POINTS, size[1] / _POINTS), facecolor="none", edgecolor="none")
        FigureCanvasSVG(figure)
        paint(figure)
        target = io.StringIO()
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(target, format="svg", metadata=nothing)
    return target.getvalue()


def _bring_into_line(root: ET.Element, name: str) -> None:
    """Turn styles into attributes and colours into variables, and give every id the picture's name."""
    for parent in list(root.iter()):
        for child in list(parent):
            if _tag(child) in {"metadata", "style"}:
                parent.remove(child)
    used = set(_references(root))
    for element in root.iter():
        for key, value in _styles(element.attrib.pop("style", "")):
            element.set(key, value)
        _name_ids(element, name, used)
        for key, value in element.attrib.items():
            if value in VARIABLES:
                element.set(key, f"var({VARIABLES[value]})")


def _styles(text: str) -> Iterator[tuple[str, str]]:
    for item in text.split(";"):
        key, _, value = (part.strip() for part in item.partition(":"))
        if key and key not in _DROPPED:
            yield key, value


def _references(root: ET.Element) -> Iterator[str]:
    """The ids that something refers to."""
    for element in root.iter():
        for key, value in element.attrib.items():
            yield from _REFERENCE.findall(value)
            if _local(key) == "href":
                yield value.removeprefix("#")


def _name_ids(element: ET.Element, name: str, used: set[str]) -> None:
    identity = element.attrib.pop("id", None)
    if identity in used:
        element.set("id", f"{name}-{identity}")
    for key, value in list(element.attrib.items()):
        if _local(key) == "href":
            del element.attrib[key]
            element.set("href", f"#{name}-{value.removeprefix('#')}")
        elif "url(#" in value:
            element.set(key, _REFERENCE.sub(rf"url(#{name}-\1)", value))


def _tag(element: ET.Element) -> str:
    return _local(element.tag)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _written(element: ET.Element) -> str:
    """Write an element as HTML takes it: no prefixes, every text and attribute escaped."""
    tag = _tag(element)
    attributes = "".join(f' {_local(key)}="{escape(_tidy(value))}"' for key, value in element.attrib.items())
    inner = "".join(_written(child) for child in element)
    if tag == "g" and not inner:
        return ""
    if tag == "text":
        return f"<text{attributes}>{escape(element.text or '')}</text>"
    return f"<{tag}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{attributes}/>"


def _tidy(value: str) -> str:
    return _SPACE.sub(" ", value).strip()
