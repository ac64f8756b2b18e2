"""Where domains come from: installed distributions that name one under the entry-point group ``rehearse.domains``."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from rehearse.domain import Domain
from rehearse.errors import Problem, ScenarioError, did_you_mean

GROUP = "rehearse.domains"


def domain_names() -> tuple[str, ...]:
    """Return the names of all installed domains, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


@cache
def domain(name: str) -> Domain:
    """Return the installed domain `name`; the same object every time.

    Raises:
        ScenarioError: No installed distribution has a domain of that name (``unknown-name``, with the nearest).
        TypeError: What the entry point names is no `Domain`.
    """
    point = _entry_point(name)
    if point is None:
        summary = f"no domain `{name}` is installed"
        raise ScenarioError(
            [Problem("unknown-name", summary, remedy=did_you_mean(name, domain_names()), field="domain")]
        )
    found = point.load()
    if not isinstance(found, Domain):
        raise TypeError(f"the entry point {point.value} is no Domain, but {type(found).__name__}")
    return found


def installed(name: str) -> Domain | None:
    """Return the installed domain `name`, or None; asking again for one that is there costs nothing."""
    try:
        return domain(name)
    except ScenarioError:
        return None


def domains() -> tuple[Domain, ...]:
    """Return every installed domain, by name."""
    return tuple(domain(name) for name in domain_names())


def _entry_point(name: str) -> EntryPoint | None:
    return next(iter(entry_points(group=GROUP, name=name)), None)
