"""What an operation may answer: only what can be kept, compared and read back is let through."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from fractions import Fraction

from rehearse.domain import OperationResult, Reason
from rehearse.values import FrozenMap

_SCALARS = (bool, int, str, Fraction, date, type(None))


def checked_answer(answer: object, operation: str) -> OperationResult:
    """Return `answer` if it is a result whose data are values.

    Raises:
        TypeError: If it is anything else; the message names the operation and the place in its data.
    """
    if not isinstance(answer, OperationResult):
        raise TypeError(f"`{operation}` returned {type(answer).__name__}, not an OperationResult")
    if answer.outcome not in ("done", "rejected"):
        raise TypeError(f"`{operation}` returned the outcome {answer.outcome!r}; there are only done and rejected")
    reasons: object = answer.reasons
    if not isinstance(reasons, tuple) or not all(isinstance(reason, Reason) for reason in reasons):
        raise TypeError(f"`{operation}` returned reasons that are no tuple of Reason")
    if answer.outcome == "rejected" and not answer.reasons:
        raise TypeError(f"`{operation}` refused without a reason")
    if not isinstance(answer.data, FrozenMap):
        raise TypeError(f"`{operation}` returned data of type {type(answer.data).__name__}, not a FrozenMap")
    stranger = _stranger(answer.data, "data")
    if stranger:
        raise TypeError(f"`{operation}` returned {stranger}, which is no value")
    return answer


def _stranger(value: object, place: str) -> str:
    """Return the type and place of the first thing in `value` that is no `rehearse.values.Value`; empty if there is none."""
    if isinstance(value, FrozenMap):
        items = [(item, f"{place}.{key}") for key, item in value.items()]
    elif isinstance(value, tuple):
        items = [(item, f"{place}[{index}]") for index, item in enumerate(value)]
    elif isinstance(value, float | Decimal):
        return "" if math.isfinite(value) else f"{value} at {place}"
    else:
        return "" if isinstance(value, _SCALARS) else f"{type(value).__name__} at {place}"
    return next((found for item, where in items if (found := _stranger(item, where))), "")
