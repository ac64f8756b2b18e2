"""The screen of the rules about services: which have nothing that a rule could object to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from residency.model import Role
from residency.suspects.columns import Numbers, numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from residency.policy import settings as ask
    from residency.suspects.people import People

_ROLES = {role: place for place, role in enumerate(Role)}


def _spoilt(people: People) -> Numbers:
    """The services of whoever is on duty twice at once or on leave: there duties are not the same as presence."""
    columns = people.columns
    who = np.union1d(people.overlapping, people.on_duty_on_leave)
    return np.unique(columns.service[np.isin(columns.person, who)])


def _falls_below(events: Iterable[tuple[Numbers, Numbers | int]], span: int) -> Numbers:
    """Which slots, of so many minutes each, have a moment in which the sum of all steps up to it is below zero."""
    pairs = [(np.sort(times), steps) if isinstance(steps, int) else (times, steps) for times, steps in events]
    times = np.concatenate([times for times, _ in pairs])
    steps = np.concatenate([np.broadcast_to(np.asarray(steps), times.shape) for times, steps in pairs])
    order = np.argsort(times, kind="stable")
    times, level = times[order], np.cumsum(steps[order])
    is_settled = np.concatenate((times[1:] != times[:-1], [True]))[: len(times)]
    return np.unique(times[is_settled & (level < 0)] // span)


def short_of_people(people: People) -> Numbers:
    """The places of all services that may lack people of a role."""
    columns, axis = people.columns, people.columns.axis
    rows = [
        (place, row)
        for place, name in enumerate(columns.services)
        for row in people.schedule.services[name].requirements
    ]
    if not rows:
        return numbers(())
    slot = numbers([place * len(_ROLES) + _ROLES[row.role] for place, row in rows])
    begin, stop = numbers([row.start for _, row in rows]), numbers([row.end for _, row in rows])
    needed = numbers([max(0, row.min_persons) for _, row in rows])
    low = min(axis.low, int(begin.min()))
    span = max(axis.low + axis.span, int(stop.max())) - low
    persons = [timeline.person for timeline in columns.timelines]
    role = numbers([-1 if person is None else _ROLES[person.role] for person in persons])[columns.person]
    own = columns.service * len(_ROLES) + role
    there = columns.having(lambda traits: traits.covers) & (columns.service >= 0) & (role >= 0) & np.isin(own, slot)
    shift = own[there] * span - columns.person[there] * axis.span + axis.low - low
    heads = (columns.start[there] + shift, columns.end[there] + shift)
    need = (slot * span + begin - low, slot * span + stop - low)
    below = _falls_below([(heads[0], 1), (heads[1], -1), (need[0], -needed), (need[1], needed)], span)
    return np.union1d(below // len(_ROLES), _spoilt(people))


def crowded(people: People, setting: ask.SupervisionRatio) -> Numbers:
    """The places of all services that may have too many residents to a supervisor."""
    columns = people.columns
    rotations = [people.schedule.rotations.get(name) for name in columns.services]
    asked = numbers([place for place, one in enumerate(rotations) if one is not None and one.requires_supervision])
    persons = [timeline.person for timeline in columns.timelines]
    there = columns.having(lambda traits: traits.supervised) & np.isin(columns.service, asked)
    shift = (columns.service[there] - columns.person[there]) * columns.axis.span
    start, end, who = columns.start[there] + shift, columns.end[there] + shift, columns.person[there]
    found = [np.intersect1d(_spoilt(people), asked)]
    for pgy1, ratio in ((True, setting.pgy1), (False, setting.senior)):
        weight = numbers(
            0
            if one is None
            else _weight(is_resident=one.is_resident, is_asked=(one.pgy_level == 1) is pgy1, ratio=ratio)
            if one.is_resident or one.can_supervise
            else 0
            for one in persons
        )[who]
        found.append(_falls_below([(start, weight), (end, -weight)], columns.axis.span))
    return np.unique(np.concatenate(found))


def _weight(*, is_resident: bool, is_asked: bool, ratio: int) -> int:
    """How many more residents somebody allows: each resident of the level takes one away, a supervisor brings the ratio."""
    if is_resident:
        return -1 if is_asked else 0
    return ratio
