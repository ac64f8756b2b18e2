"""Calling functions of a project: read-only, in a thread of their own, for 30 s at most."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from rehearse.domain import Finding, State
from rehearse.errors import RehearseError
from rehearse.scenario import Scenario
from rehearse.values import FrozenMap, Value

SECONDS = 30.0


class HangingFunctionError(RehearseError):
    """A function did not answer in time; its thread was left behind."""


class StrangeResultError(RehearseError):
    """A function answered something that is no value."""


@dataclass(frozen=True)
class CustomRunner:
    """Calls registered functions with what a run left.

    Attributes:
        find: Dotted name → function; raises for what may not be called (see `rehearse.validators.find_validator`).
        scenario: Given as ``scenario``.
        execution_result: Given as ``execution_result``.
        before: Given as ``pre_state``.
        after: Given as ``post_state``.
        seconds: How long a function may take.
    """

    find: Callable[[str], Callable[..., Any]]
    scenario: Scenario
    execution_result: object
    before: State
    after: State
    seconds: float = SECONDS

    def call(self, name: str, parameters: Mapping[str, Value]) -> Value | Finding:
        """Return what the function answers, all arguments given by name; lists and maps come back frozen.

        Raises:
            HangingFunctionError: If it does not answer in time.
            StrangeResultError: If the answer is no value.
            Exception: Whatever it raises.
        """
        function = self.find(name)
        arguments = {
            "scenario": self.scenario,
            "execution_result": self.execution_result,
            "pre_state": self.before,
            "post_state": self.after,
        }
        call = _Call(partial(function, **arguments), parameters)
        thread = threading.Thread(target=call.run, name=f"validator {name}", daemon=True)
        thread.start()
        thread.join(self.seconds)
        if thread.is_alive():
            raise HangingFunctionError(f"`{name}` did not answer within {self.seconds:g} s")
        if isinstance(call.error, Exception):
            raise call.error
        if call.error is not None:
            raise StrangeResultError(f"`{name}` ended with {type(call.error).__name__}") from call.error
        return call.answer[0] if isinstance(call.answer[0], Finding) else frozen(call.answer[0], name)


@dataclass
class _Call:
    """One call in another thread, and what came of it."""

    function: Callable[..., Any]
    parameters: Mapping[str, Value]
    answer: list[Any] = field(default_factory=list)
    error: BaseException | None = None

    def run(self) -> None:
        """Call, and keep the answer or the error for the thread that waits."""
        try:
            answer = self.function(**self.parameters)
            if inspect.isawaitable(answer):
                answer = asyncio.run(_awaited(answer))
            self.answer.append(answer)
        except BaseException as error:  # noqa: BLE001  (whatever a foreign function raises belongs to the waiting thread)
            self.error = error


async def _awaited(answer: Any) -> Any:
    return await answer


def frozen(answer: object, name: str) -> Value:
    """Return an answer as a value: lists as tuples, maps frozen.

    Raises:
        StrangeResultError: If it is neither a scalar nor made of scalars.
    """
    if isinstance(answer, Mapping):
        return FrozenMap((str(key), frozen(item, name)) for key, item in answer.items())
    if isinstance(answer, list | tuple):
        return tuple(frozen(item, name) for item in answer)
    if isinstance(answer, _SCALARS):
        return answer
    raise StrangeResultError(f"`{name}` answered {type(answer).__name__}, which is no value")


_SCALARS = (type(None), bool, int, float, str, Decimal, Fraction, date)
