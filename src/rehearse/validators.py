"""Functions that judge for a project: registered in their own module, called only if that module is listed outside the scenario."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from rehearse.errors import RehearseError, did_you_mean

if TYPE_CHECKING:
    from rehearse.domain import Domain

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_MARK = "rehearse_validator"
_COMPANIONS = "app.testing.validators."


def validator(function: FunctionT) -> FunctionT:
    """Register `function` as a validator of the module in which it is defined.

    A custom validation is called with ``scenario, execution_result, pre_state, post_state, **parameters``, all by name, a comparison
    function with ``expected`` and ``actual`` besides. It may be sync or async, only reads, and has 30 s.
    """
    vars(function)[_MARK] = function.__module__
    return function


class ValidatorRefusedError(RehearseError):
    """A function may not be called; nothing was imported if its module is not listed.

    Attributes:
        summary: Why, one sentence without a final stop.
        remedy: What to do, one sentence without a final stop.
    """

    def __init__(self, summary: str, remedy: str) -> None:
        self.summary = summary
        self.remedy = remedy
        super().__init__(f"{summary}; {remedy}" if remedy else summary)


@dataclass(frozen=True)
class FunctionName:
    """``package.module.name`` or ``package.module:name``, split."""

    module: str
    name: str


def find_validator(dotted: str, allowed_modules: Iterable[str], domain: Domain) -> Callable[..., Any]:
    """Return the function that `dotted` names: a short name of the domain, or one registered in a listed module.

    Raises:
        ValidatorRefusedError: If it may not be called or is not registered. A module that is not listed is not imported.
    """
    short = dotted.removeprefix(_COMPANIONS)
    if short in domain.validators:
        return domain.validators[short].function
    named = admitted(dotted, allowed_modules, domain)
    try:
        module = importlib.import_module(named.module)
    except ImportError as error:
        raise ValidatorRefusedError(f"`{named.module}` cannot be imported: {error}", "") from error
    function = getattr(module, named.name, None)
    if getattr(function, _MARK, None) != named.module or not callable(function):
        known = (name for name, item in vars(module).items() if getattr(item, _MARK, None) == named.module)
        remedy = did_you_mean(named.name, known) or "register it with `@rehearse.validator`"
        raise ValidatorRefusedError(f"`{named.name}` is no validator of `{named.module}`", remedy)
    return function  # type: ignore[no-any-return]  # found by name


def admitted(dotted: str, allowed_modules: Iterable[str], domain: Domain) -> FunctionName:
    """Return module and name of a function that is not the domain's, if its module is listed. Imports nothing.

    Raises:
        ValidatorRefusedError: If it is not listed, or names no function.
    """
    named = split_name(dotted)
    if named is None:
        short = dotted.removeprefix(_COMPANIONS)
        raise ValidatorRefusedError(
            f"`{short}` is no validator of `{domain.name}`", did_you_mean(short, domain.validators)
        )
    if named.module not in set(allowed_modules):
        remedy = f"add `{named.module}` to `validators` of [tool.rehearse], or give it as --validators"
        raise ValidatorRefusedError(f"`{dotted}` is in a module that is not listed", remedy)
    return named


def split_name(dotted: str) -> FunctionName | None:
    """Return the parts of ``package.module.name`` or ``package.module:name``; None for a short or companions' name."""
    if dotted.startswith(_COMPANIONS):
        return None
    module, _, name = dotted.rpartition(":" if ":" in dotted else ".")
    parts = (*module.split("."), name)
    return FunctionName(module, name) if all(part.isidentifier() for part in parts) else None
