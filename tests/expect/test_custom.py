"""Functions of a project: which may be called, how, and what becomes of their answers."""

# ruff: noqa: FBT003  (booleans are what is answered)

from __future__ import annotations

import asyncio
import sys
import threading
from decimal import Decimal
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from expect.ward import DOMAIN, TRIAL, Trial, domain, view, waiting
from rehearse.domain import Finding, Validator
from rehearse.expect.custom import CustomRunner, HangingFunctionError, frozen
from rehearse.expectation import CustomValidation
from rehearse.validators import ValidatorRefusedError, admitted, find_validator, split_name, validator
from rehearse.values import EMPTY_MAP, FrozenMap

if TYPE_CHECKING:
    from collections.abc import Iterator


def custom(name: str = "ask", **parts: Any) -> CustomValidation:
    """Return a custom validation."""
    return CustomValidation(**{"key": "mine", "category": "assertion", "name": "mine", "function": name, **parts})


def asking(function: Any, **parts: Any) -> Trial:
    """Return a trial whose domain has `function` under the short name ``ask``."""
    return Trial(domain=domain(validators={"ask": Validator("ask", "Asks.", function)}), **parts)


# ── answers ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("answer", "expected", "status", "message"),
    [
        (True, True, "passed", ""),
        (False, True, "failed", "expected true, found false"),
        (False, False, "passed", ""),
        (7, 7, "passed", ""),
        (7.0, Decimal(7), "passed", ""),
        ("a", "b", "failed", 'expected "b", found "a"'),
        (["a", "b"], ("b", "a"), "passed", ""),
        ({"a": [1]}, FrozenMap({"a": (1,)}), "passed", ""),
        (None, True, "unknown", "`ask` answered null, where bool true was expected"),
        (1, True, "unknown", "`ask` answered int 1, where bool true was expected"),
        ({1, 2}, True, "unknown", "StrangeResultError: `ask` answered set, which is no value"),
        (Finding(True, None), True, "passed", ""),
        (Finding(False, None, "R1 is short"), True, "failed", "R1 is short"),
        (Finding(False, None), True, "failed", "expected true, found false"),
    ],
)
def test_an_answer_is_compared_with_what_is_expected(answer: Any, expected: Any, status: str, message: str) -> None:
    """Equal passes, another value fails, another type leaves it unknown; a Finding brings its own words."""
    found = asking(lambda *_, **__: answer).result(custom(expected_result=expected))
    assert (found.status, found.message) == (status, message)


def test_a_function_gets_the_run_and_its_parameters() -> None:
    """Scenario, execution, state before and after, all by name; parameters may wait for results."""
    calls: list[tuple[Any, ...]] = []

    def ask(scenario: Any, execution_result: Any, pre_state: Any, post_state: Any, **parameters: Any) -> bool:
        calls.append((scenario, execution_result, pre_state, post_state, parameters))
        return True

    trial = asking(ask, views=(view(data=FrozenMap({"n": 4})),))
    check = custom(parameters=FrozenMap({"hours": 80, "n": waiting("${steps.main.data.n}")}))  # type: ignore[dict-item]
    assert trial.result(check).status == "passed"
    scenario, execution, before, after, parameters = calls[0]
    assert (scenario.id, execution.seconds) == ("trial", 0.5)
    assert (before.snapshot.tables["persons"].rows, after.policy) == (
        trial.evidence().before.snapshot.tables["persons"].rows,
        None,
    )
    assert parameters == {"hours": 80, "n": 4}


def test_an_async_function_is_awaited() -> None:
    """In a loop of its own, whatever runs in the thread that judges."""

    async def ask(**_: object) -> bool:
        await asyncio.sleep(0)
        return True

    async def judge_inside_a_loop() -> str:
        return asking(ask).result(custom()).status

    assert asyncio.run(judge_inside_a_loop()) == "passed"


def test_what_a_function_raises_leaves_its_check_unknown() -> None:
    """With the traceback of the function, even if it tried to end the process."""

    def ask(**_: object) -> bool:
        raise LookupError("no such ward")

    def leave(**_: object) -> bool:
        raise SystemExit(1)

    found = asking(ask).result(custom())
    assert (found.status, found.message) == ("unknown", "LookupError: no such ward")
    assert "in ask" in found.traceback
    assert asking(leave).result(custom()).message == "StrangeResultError: `ask` ended with SystemExit"


def test_a_function_that_hangs_is_left_behind() -> None:
    """After its time the judge goes on; the thread does not keep the process alive."""
    release = threading.Event()
    evidence = TRIAL.evidence()
    runner = CustomRunner(
        lambda _: lambda **__: release.wait(60), TRIAL.scenario(), None, evidence.before, evidence.after, seconds=0.01
    )
    with pytest.raises(HangingFunctionError, match=r"`slow` did not answer within 0\.01 s"):
        runner.call("slow", {})
    hanging = [thread for thread in threading.enumerate() if thread.name == "validator slow"]
    assert [thread.daemon for thread in hanging] == [True]
    release.set()
    hanging[0].join()


def test_answers_come_back_frozen() -> None:
    """Lists as tuples, maps as frozen maps, all the way down."""
    assert frozen({"a": [1, {"b": []}]}, "f") == FrozenMap({"a": (1, FrozenMap({"b": ()}))})


# ── which functions ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def module() -> Iterator[ModuleType]:
    """A module ``ward_checks`` with a validator, a plain function, and one that it only imported."""
    made = ModuleType("ward_checks")

    def fair(*_: object, **__: object) -> bool:
        """Say yes."""
        return True

    def foreign(*_: object, **__: object) -> bool:
        """Belong elsewhere."""
        return True

    fair.__module__ = "ward_checks"
    vars(made)["fair"] = validator(fair)
    vars(made)["foreign"] = validator(foreign)
    vars(made)["plain"] = lambda *_: True
    sys.modules["ward_checks"] = made
    yield made
    del sys.modules["ward_checks"]


@pytest.mark.parametrize("name", ["ward_checks.fair", "ward_checks:fair"])
def test_a_registered_function_of_a_listed_module_is_called(module: ModuleType, name: str) -> None:
    """With a dot or a colon."""
    assert find_validator(name, ["ward_checks"], DOMAIN) is module.fair
    assert Trial(validators=("ward_checks",)).result(custom(name)).status == "passed"


@pytest.mark.parametrize("name", ["fine", "app.testing.validators.fine"])
def test_short_names_are_the_domains(name: str) -> None:
    """The companions' prefix is ignored."""
    assert find_validator(name, [], DOMAIN) is DOMAIN.validators["fine"].function


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize(
    ("name", "allowed", "message"),
    [
        ("ward_checks.plain", ["ward_checks"], "`plain` is no validator of `ward_checks`; known: fair"),
        ("ward_checks.foreign", ["ward_checks"], "`foreign` is no validator of `ward_checks`; known: fair"),
        ("ward_checks.fairr", ["ward_checks"], "`fairr` is no validator of `ward_checks`; did you mean `fair`?"),
        ("ward_nowhere.f", ["ward_nowhere"], "`ward_nowhere` cannot be imported: No module named 'ward_nowhere'"),
        ("json.dumps", ["json"], "`dumps` is no validator of `json`; register it with `@rehearse.validator`"),
        ("fin", [], "`fin` is no validator of `ward`; did you mean `fine`?"),
        ("app.testing.validators.fin", [], "`fin` is no validator of `ward`; did you mean `fine`?"),
        ("not a name", [], "`not a name` is no validator of `ward`; known: fine"),
    ],
)
def test_what_is_not_registered_is_refused(name: str, allowed: list[str], message: str) -> None:
    """A listed module alone is not enough, nor is a function that it only imported."""
    with pytest.raises(ValidatorRefusedError) as caught:
        find_validator(name, allowed, DOMAIN)
    assert str(caught.value) == message


def test_a_module_that_is_not_listed_is_not_imported() -> None:
    """Refused before anything of it runs; at judgement that leaves the check unknown."""
    sys.modules.pop("this", None)
    with pytest.raises(
        ValidatorRefusedError, match=r"`this\.s` is in a module that is not listed; add `this` to `validators`"
    ):
        find_validator("this.s", ["that"], DOMAIN)
    assert "this" not in sys.modules
    assert TRIAL.result(custom("this.s")).status == "unknown"


def test_names_are_split_without_importing() -> None:
    """Module and function, or None for what names no function of a module."""
    found = admitted("a.b:c", ["a.b"], DOMAIN)
    assert (found.module, found.name) == ("a.b", "c")
    assert split_name("c") is None
    assert split_name("a..c") is None
    assert EMPTY_MAP == {}
