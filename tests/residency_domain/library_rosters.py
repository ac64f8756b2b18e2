"""Rosters of the library that are hard for a planner, as plain values."""

from __future__ import annotations

from datetime import date, timedelta

from residency.model import AbsenceKind

from .rosters import World

VACATION, DAY_OFF = AbsenceKind.VACATION, AbsenceKind.DAY_OFF


def multi_absence() -> World:
    """Two absent at once, and two chains of two that only the qualifications make necessary (N1-003)."""
    world = World().residents("R1", "R3", pgy=3, skills=["acute"]).residents("R2", "R4", skills=["acute"])
    world.residents("R5", "R6", pgy=1)
    for name in ("inpatient", "er"):
        world.rotation(name, requires=frozenset({"acute"}))
    world.rotation("procedures").rotation("clinic").rotation("research", min_persons=0)
    halves = {
        "R1": ("inpatient", "inpatient"),
        "R2": ("er", "er"),
        "R3": ("procedures", "clinic"),
        "R4": ("clinic", "procedures"),
        "R5": ("research", "research"),
        "R6": ("research", "research"),
    }
    for person, (morning, afternoon) in halves.items():
        world.weekly(person, "07:00", "19:00", without="12-17")
        world.duty(person, morning, "12-17 07:00", "13:00", name=f"am-{person}")
        world.duty(person, afternoon, "12-17 13:00", "19:00", name=f"pm-{person}")
    world.backs("R3", "R1").backs("R4", "R2").backs("R5", "R3").backs("R6", "R4")
    return world.away("R1", "12-17", "12-18").away("R2", "12-17", "12-18")


def cascade() -> World:
    """One absent for five days, a chain of three behind each day, and a rival chain that has no part in it (N1-004)."""
    world = World()
    skills = {
        "R1": ["icu_a"],
        "R3": ["icu_a", "ward_a"],
        "R5": ["ward_a", "er_a"],
        "R7": ["er_a"],
        "R2": ["icu_b"],
        "R4": ["icu_b", "ward_b"],
        "R6": ["ward_b", "er_b"],
        "R8": ["er_b"],
    }
    for person, held in skills.items():
        world.residents(person, pgy=3 if person in ("R1", "R2") else 2, skills=held)
    for side in "ab":
        for stem, sort in (("icu", "icu"), ("ward", "inpatient"), ("er", "er")):
            world.rotation(f"{stem}_{side}", sort, requires=frozenset({f"{stem}_{side}"}))
    world.rotation("elective", min_persons=0)
    places = ("icu_a", "icu_b", "ward_a", "ward_b", "er_a", "er_b", "elective", "elective")
    for number, place in enumerate(places, start=1):
        world.weekly(f"R{number}", "07:00", "21:00", rotation=place)
    for number in range(3, 9):
        world.backs(f"R{number}", f"R{number - 2}")
    return world.away("R1", "12-09", "12-14", AbsenceKind.TDY)


def weekend() -> World:
    """A call lost two hours after it began, on a day on which six people must not be called in (N1-005)."""
    world = World().residents("R1", "R3", pgy=3).residents("R2", *(f"R{number}" for number in range(4, 11)))
    world.backs("R2", "R1", 1).backs("R3", "R1", 2)
    world.rotation("call").rotation("inpatient").rotation("procedures", min_persons=0).rotation("er")
    for person in ("R1", "R2", "R4"):
        world.weekly(person, "07:00", "17:00")
    world.weekly("R3", "07:00", "20:00")
    for number in range(5, 11):
        world.weekly(f"R{number}", "07:00", "18:00", days="601234").away(f"R{number}", "12-28", "12-29", DAY_OFF)
    world.duty("R1", "call", "12-28 07:00", "07:00", name="call-r1").duty("R2", "inpatient", "12-28 07:00", "15:00")
    world.duty("R3", "procedures", "12-28 07:00", "13:00", name="pro-r3")
    world.duty("R4", "er", "12-28 07:00", "19:00", pinned=True)
    return world.away("R1", "12-28 09:00", "12-30")


def night_float() -> World:
    """A night handed over at ten, with backups for different nights and a program's limit of six (N1-006)."""
    policy = {"night_float": {"max_nights": 6}, "supervision_ratio": {"pgy1": 2, "senior": 4}}
    world = World(policy=policy).residents("R1", "R2", "R3").faculty("F1")
    world.rotation("night_float", requires_supervision=True)
    world.weekly("R1", "07:00", "17:00", last=date(2024, 12, 18))
    world.weekly("R2", "07:00", "17:00", without="12-23").weekly("R3", "07:00", "17:00", without="12-26 12-27")
    for number in range(7):
        day = f"12-{20 + number}"
        world.duty("R1" if number < 6 else "R3", "night_float", f"{day} 19:00", "07:00", name=f"nf-{number + 1}")
        world.duty("F1", "night_float", f"{day} 19:00", "07:00")
    world.backs("R2", "R1", 1, start="12-20 19:00", end="12-23 07:00")
    world.backs("R3", "R1", 2, start="12-23 19:00", end="12-27 07:00")
    return world.away("R1", "12-22 22:00", "12-23 07:00")


def deployment() -> World:
    """Four weeks without somebody: twenty half-days, each with one person who is free and one who is needed (N1-007)."""
    world = World(horizon=(date(2024, 12, 1), date(2024, 12, 28))).residents("R1", "R2", "R3")
    world.backs("R2", "R1", 1).backs("R3", "R1", 2)
    world.rotation("clinic").rotation("ward").rotation("elective", min_persons=0).rotation("research", min_persons=0)
    for week in range(4):
        for weekday in range(5):
            day = f"{date(2024, 12, 2) + timedelta(days=7 * week + weekday):%m-%d}"
            r2_is_free = weekday in ((0, 2, 4) if week in (0, 2) else (1, 3))
            free, needed = ("R2", "R3") if r2_is_free else ("R3", "R2")
            world.duty("R1", "clinic", f"{day} 08:00", "12:00").duty("R1", "elective", f"{day} 12:00", "20:00")
            world.duty(free, "research", f"{day} 08:00", "12:00").duty(needed, "ward", f"{day} 08:00", "12:00")
            world.duty("R2", "ward", f"{day} 12:00", "20:00").duty("R3", "ward", f"{day} 12:00", "20:00")
    return world.away("R1", "12-01", "12-29", AbsenceKind.DEPLOYMENT)


def supervision() -> World:
    """A supervisor lost for seven hours, and another who can only come for three of them (N1-009)."""
    world = World(policy={"supervision_ratio": {"pgy1": 2, "senior": 4}}).residents("R1", "R2", "R3", "R4", pgy=1)
    world.residents("R5").faculty("F1", "F2", "F3", "F4").backs("F3", "F1")
    world.rotation("inpatient", requires_supervision=True, min_persons=2)
    world.rotation("clinic", requires_supervision=True, max_persons=4).rotation("admin", min_persons=0)
    for person in ("R1", "R2", "R3", "R4"):
        world.duty(person, "inpatient", "12-16 07:00", "13:00").duty(person, "inpatient", "12-16 13:00", "17:00")
    for person in ("F1", "F2"):
        world.duty(person, "inpatient", "12-16 07:00", "17:00", name=person.lower())
    world.duty("F3", "admin", "12-16 08:00", "13:00", name="f3")
    world.duty("R5", "clinic", "12-16 13:00", "17:00").duty("F4", "clinic", "12-16 13:00", "17:00")
    return world.away("F3", "12-16 13:00", "12-16 17:00", AbsenceKind.CONFERENCE).away(
        "F1", "12-16 10:00", "12-16 17:00"
    )


def cascade_prevention() -> World:
    """Six half-days that no one person may take, since 84 hours a week are too many (N1-010)."""
    world = World().residents("R1", "R2", "R3", "R4", "R5")
    for number in range(1, 6):
        world.rotation(f"svc{number}", "inpatient")
    for number in range(2, 6):
        world.backs(f"R{number}", f"R{number - 1}")
    world.weekly("R1", "07:00", "20:00", days="012", rotation="svc1")
    world.weekly("R1", "08:00", "14:00", days="456", rotation="svc1")
    world.weekly("R1", "14:00", "20:00", days="456", rotation="svc1")
    for person, days in (("R2", "01234"), ("R3", "01235"), ("R4", "34560"), ("R5", "12456")):
        world.weekly(person, "06:00", "21:00", days=days, rotation=f"svc{person[1]}")
    return world.away("R1", "12-13", "12-16")


def backup_circle() -> World:
    """Three services, two people, and a search that comes round to where it began (X11)."""
    world = World().residents("R1", pgy=3, skills=["ward"]).residents("R2", pgy=3, skills=["ward", "er", "clinic"])
    world.residents("R3", skills=["er", "clinic"]).backs("R2", "R1").backs("R3", "R2")
    for name, sort in (("ward", "inpatient"), ("er", "er"), ("clinic", "clinic")):
        world.rotation(name, sort, requires=frozenset({name}))
    for person, place in (("R1", "ward"), ("R2", "er"), ("R3", "clinic")):
        world.weekly(person, "07:00", "17:00", without="12-11")
        world.duty(person, place, "12-11 07:00", "17:00", name=place)
    return world.away("R1", "12-11", "12-12")


def mid_duty() -> World:
    """A duty half worked, a backup who leaves early, and two hours that nobody can take (X12)."""
    world = World().residents("R1", "R2", "R3").rotation("ward").rotation("er").backs("R2", "R1")
    world.weekly("R1", "07:00", "17:00", without="12-10 12-12").weekly("R3", "07:00", "17:00", without="12-10 12-12")
    world.weekly("R2", "07:00", "17:00", without="12-10 12-11 12-12")
    for day in ("10", "12"):
        world.duty("R1", "ward", f"12-{day} 07:00", "19:00", name=f"w{day}").duty(
            "R3", "er", f"12-{day} 07:00", "19:00"
        )
    return world.away("R2", "12-10 17:00", "12-12", VACATION).away("R1", "12-10 11:30", "12-13")


def staffing_crisis(*, recalled: bool) -> World:
    """Both on the ward fall ill over a weekend; the only other hand is on a service as needed, or on leave (HOLIDAY-004)."""
    world = World().residents("R1", "R2", "R3", "R5", pgy=3).rotation("ward", "inpatient").rotation("er")
    world.weekly("R1", "07:00", "17:00", without="12-20")
    for person in ("R2", "R3"):
        world.weekly(person, "07:00", "17:00", without="12-19 12-20 12-23")
        for day in ("20", "21", "22"):
            world.duty(person, "ward", f"12-{day} 07:00", "19:00", name=f"{person}-{day}")
        world.away(person, "12-20", "12-23")
    world.weekly("R5", "07:00", "18:00", days="012345", rotation="er")
    return world if recalled else world.away("R1", "12-20", "12-23", VACATION)
