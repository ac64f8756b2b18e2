"""Which tolerance is in force for a value: the first source that says anything for its type is taken alone."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from rehearse.expectation import Tolerances

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearse.expectation import Validation


@dataclass(frozen=True)
class Leeway:
    """What may be granted to one value.

    Attributes:
        sources: From the check's own to the general one; each type is granted by the first that mentions it.
    """

    sources: tuple[Tolerances, ...] = ()

    def number(self) -> tuple[Decimal | None, Decimal | None]:
        """Return the absolute tolerance and the fraction of the expected value; being within either suffices."""
        for source in self.sources:
            if source.numeric_absolute is not None or source.numeric_percentage is not None:
                return source.numeric_absolute, source.numeric_percentage
        return None, None

    def seconds(self) -> Decimal:
        """Return how many seconds a moment may be off."""
        return next((s.timestamp_seconds for s in self.sources if s.timestamp_seconds is not None), Decimal(0))

    def days(self) -> int:
        """Return how many days a date may be off."""
        return next((s.date_days for s in self.sources if s.date_days is not None), 0)

    def size(self) -> Decimal:
        """Return by what fraction of the expected one a collection's size may be off."""
        found = (s.collection_size_percentage for s in self.sources)
        return next((fraction for fraction in found if fraction is not None), Decimal(0))

    def is_exact(self) -> bool:
        """Return whether nothing at all is granted to the items of a collection."""
        absolute, fraction = self.number()
        return not (absolute or fraction or self.seconds() or self.days())


EXACT = Leeway()


def leeway(
    validation: Validation, names: Iterable[str], paths: Iterable[str], *, own: Decimal | int | None = None
) -> Leeway:
    """Return what `validation` grants a value that is known by `names` and lies at `paths`.

    Args:
        validation: The scenario's settings.
        names: What the value is called, nearest first.
        paths: Where it lies, as overrides may write it.
        own: The absolute tolerance that the check itself grants to numbers.
    """
    sources = [] if own is None else [Tolerances(numeric_absolute=Decimal(own))]
    if validation.field_overrides:
        overrides = dict(validation.field_overrides)
        sources += [overrides[name] for name in (*names, *paths) if name in overrides]
    if validation.comparison_strategy == "lenient":
        sources.append(validation.tolerances)
    return Leeway(tuple(sources)) if sources else EXACT
