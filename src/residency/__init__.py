"""A medical-residency duty roster: work-hour rules, swaps, absences, backup chains, leave, moonlighting. `DOMAIN` is what an engine sees."""

from residency.domain import DOMAIN

__all__ = ["DOMAIN"]
