"""Suspects of a whole roster: who, and which services, the rules still have to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from residency.policy import settings as ask
from residency.suspects.columns import Columns
from residency.suspects.people import People, suspected
from residency.suspects.places import crowded, short_of_people

if TYPE_CHECKING:
    from residency.policy import Policy
    from residency.schedule import Schedule


@dataclass(frozen=True)
class Suspects:
    """Whoever is not here is clean.

    Attributes:
        persons: person → the stems of rules that may object to something.
        services: likewise of rotation ids.
    """

    persons: Mapping[str, frozenset[str]]
    services: Mapping[str, frozenset[str]]


def suspects(schedule: Schedule, policy: Policy) -> Suspects:
    """Everybody and every service of whom a rule finds a record, and perhaps others; the roster has duties."""
    columns = Columns(schedule)
    people = People(schedule, columns)
    persons: dict[str, set[str]] = {}
    services: dict[str, set[str]] = {}
    for setting in policy.settings:
        if isinstance(setting, ask.Coverage):
            found, names, places = services, columns.services, short_of_people(people)
        elif isinstance(setting, ask.SupervisionRatio):
            found, names, places = services, columns.services, crowded(people, setting)
        else:
            found, names, places = persons, tuple(schedule.timelines), suspected(people, setting)
        for place in places.tolist():
            if place >= 0:
                found.setdefault(names[place], set()).add(setting.stem)
    return Suspects(*({name: frozenset(stems) for name, stems in one.items()} for one in (persons, services)))
