"""Packs and program overrides from parsed mappings; every mistake is collected, then raised once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from residency.model import Severity
from residency.policy.contradictions import contradictions
from residency.policy.packs import DEFAULT_PACK, PACKS, PROGRAM_PACK, Pack, pack_of
from residency.policy.parameters import PARAMETERS, Figure, Parameter, Stricter, read_figure
from residency.policy.policy import Policy, combine, named_pack, personal_limits, with_program
from residency.policy.problems import PolicyError, PolicyProblem
from residency.policy.settings import INTEGRITY_TYPES, SETTING_TYPES, Moonlighting, OneDayInSeven, Setting, WeeklyHours

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_BY_STEM = {kind.stem: kind for kind in SETTING_TYPES}
_LEVELS = {"must": Severity.VIOLATION, "should": Severity.ADVISORY, "policy": Severity.POLICY}
_COMMON_KEYS = frozenset({"level", "citation"})
_PACK_KEYS = frozenset({"name", "extends", "rules"})
_TAKEN = frozenset({PROGRAM_PACK, *(pack.name for pack in PACKS)})


def load_policy(name: str = DEFAULT_PACK, overrides: Mapping[str, object] | None = None) -> Policy:
    """The policy of a shipped pack, with a program's overrides (rule → parameters) at level policy.

    Raises:
        PolicyError: no such pack, or overrides that cannot be read or that loosen a must.
    """
    try:
        pack = named_pack(name)
    except KeyError:
        known = ", ".join(pack.name for pack in PACKS)
        problem = PolicyProblem("rules", "unknown-name", f"there is no rule pack {name!r}", f"choose one of {known}")
        raise PolicyError([problem]) from None
    return policy_of([pack], overrides)


def policy_of(packs: Sequence[Pack], overrides: Mapping[str, object] | None = None) -> Policy:
    """The policy of packs, strictest wins, with a program's overrides.

    Raises:
        PolicyError: overrides that cannot be read or that loosen a must.
    """
    base = combine(packs)
    return with_program(base, read_overrides(base, overrides) if overrides else None)


def read_pack(document: Mapping[str, object]) -> Pack:
    """The pack that a mapping describes: `name`, `rules` (stem → parameters, null for off), perhaps `extends`.

    Parameters are those of `PARAMETERS`, and `level` (must, should, policy) and `citation`. The integrity rules are
    always on.

    Raises:
        PolicyError: with every mistake of the mapping; in one without mistakes, with everything that contradicts itself.
    """
    problems = [_unknown_key(key, _PACK_KEYS) for key in sorted(document.keys() - _PACK_KEYS)]
    name = document.get("name")
    if not isinstance(name, str) or not name:
        problems.append(PolicyProblem("name", "missing-key", "a pack needs a name", "add name: with a text"))
    settings: dict[str, Setting] = {kind.stem: kind() for kind in INTEGRITY_TYPES}
    extended = document.get("extends")
    if extended is not None:
        found = next((pack for pack in PACKS if pack.name == extended), None)
        if found is None:
            known = ", ".join(pack.name for pack in PACKS)
            problems.append(PolicyProblem("extends", "unknown-name", f"no pack {extended!r}", f"choose one of {known}"))
        else:
            settings.update((setting.stem, setting) for setting in found.settings)
    elif name in _TAKEN:
        summary = f"{name!r} is the name of rules that are there already"
        problems.append(PolicyProblem("name", "conflict", summary, "give the pack a name of its own"))
    written = _read_rules(document.get("rules", {}), settings, problems)
    problems = problems or list(contradictions(settings.values(), written, "rules"))
    if problems:
        raise PolicyError(problems)
    return pack_of(str(name), tuple(settings.values()))


def _read_rules(
    rules: object, settings: dict[str, Setting], problems: list[PolicyProblem]
) -> dict[str, frozenset[str]]:
    """Lay written rules on settings; the keys that were written, by stem."""
    written: dict[str, frozenset[str]] = {}
    if not isinstance(rules, Mapping):
        problems.append(PolicyProblem("rules", "wrong-type", "rules are a map", "write stem: {parameter: value}"))
        return written
    for stem, parameters in rules.items():
        kind = _kind_of(stem, f"rules.{stem}", problems)
        if kind is None:
            continue
        if parameters is None and kind not in INTEGRITY_TYPES:
            settings.pop(stem, None)
        elif isinstance(parameters, Mapping):
            base = settings.get(stem, kind())
            settings[stem] = _with_figures(base, parameters, f"rules.{stem}", problems)
            written[stem] = frozenset(parameters)
        else:
            problems.append(_not_a_map(f"rules.{stem}"))
    return written


def _with_figures(base: Setting, written: Mapping[str, object], path: str, problems: list[PolicyProblem]) -> Setting:
    changes: dict[str, object] = {}
    parameters = {parameter.key: parameter for parameter in PARAMETERS.get(type(base), ())}
    for key, value in written.items():
        if key == "level" and isinstance(value, str) and value in _LEVELS:
            changes["severity"] = _LEVELS[value]
        elif key == "citation" and isinstance(value, str):
            changes["citation"] = value
        elif key in _COMMON_KEYS:
            allowed = ", ".join(_LEVELS) if key == "level" else "a text"
            problems.append(PolicyProblem(f"{path}.{key}", "bad-value", f"{value!r} is no {key}", f"use {allowed}"))
        elif key not in parameters:
            problems.append(_unknown_key(f"{path}.{key}", parameters.keys() | _COMMON_KEYS))
        else:
            figure = _figure(parameters[key], value, f"{path}.{key}", problems)
            if figure is not None:
                changes[parameters[key].attribute] = figure
    return replace(base, **changes)  # type: ignore[arg-type]  # each attribute was read in its own form


def read_overrides(base: Policy, overrides: Mapping[str, object]) -> Pack:
    """A program's own rules (stem → parameters) as a pack at level policy, laid on the base's other figures.

    Raises:
        PolicyError: with every mistake, among them a figure looser than a must of the base.
    """
    problems: list[PolicyProblem] = []
    settings: list[Setting] = []
    for stem, written in overrides.items():
        kind = _kind_of(stem, f"policy.{stem}", problems)
        if kind is None:
            continue
        if not isinstance(written, Mapping):
            problems.append(_not_a_map(f"policy.{stem}"))
            continue
        setting = _override(base, kind, written, problems)
        if setting is not None:
            settings.append(setting)
    problems = problems or list(contradictions(settings, {}, "policy"))
    if problems:
        raise PolicyError(problems)
    return Pack(PROGRAM_PACK, tuple(settings))


def _override(
    base: Policy, kind: type[Setting], written: Mapping[str, object], problems: list[PolicyProblem]
) -> Setting | None:
    path = f"policy.{kind.stem}"
    if kind is Moonlighting:
        problems += _moonlighting(written, path)
        return None
    allowed = {parameter.key: parameter for parameter in PARAMETERS.get(kind, ()) if parameter.stricter is not None}
    changes: dict[str, object] = {}
    for key, value in written.items():
        if key not in allowed:
            problems.append(_unknown_key(f"{path}.{key}", allowed.keys()))
            continue
        figure = _figure(allowed[key], value, f"{path}.{key}", problems)
        if figure is None:
            continue
        if _loosens(base, kind, allowed[key], figure):
            summary = f"{value} is looser than the rule pack's own figure"
            problems.append(PolicyProblem(f"{path}.{key}", "conflict", summary, "tighten it, or leave it out"))
        changes[allowed[key].attribute] = figure
    if not changes:
        return None
    return replace(_template(base, kind), **changes)  # type: ignore[arg-type]  # read in each attribute's own form


def _template(base: Policy, kind: type[Setting]) -> Setting:
    if kind is WeeklyHours:
        return personal_limits(base)
    found = base.of(kind)
    setting = replace(found[0] if found else kind(), pack=PROGRAM_PACK, severity=Severity.POLICY)
    setting = replace(setting, citation="program policy")
    return replace(setting, strict=True) if isinstance(setting, OneDayInSeven) else setting


def _loosens(base: Policy, kind: type[Setting], parameter: Parameter, figure: Figure) -> bool:
    for setting in base.of(kind):
        if setting.severity is not Severity.VIOLATION or (isinstance(setting, OneDayInSeven) and not setting.strict):
            continue
        current: int | None = getattr(setting, parameter.attribute)
        if current is None or isinstance(figure, str):
            continue
        if figure > current if parameter.stricter is Stricter.LOWER else figure < current:
            return True
    return False


def _moonlighting(written: Mapping[str, object], path: str) -> Iterator[PolicyProblem]:
    for key, value in written.items():
        if key != "breaks_rest":
            yield _unknown_key(f"{path}.{key}", {"breaks_rest"})
        elif not isinstance(value, bool):
            yield PolicyProblem(f"{path}.{key}", "wrong-type", f"{value!r} is no boolean", "use true")
        elif not value:
            summary = "moonlighting is clinical work and shortens rest"
            yield PolicyProblem(f"{path}.{key}", "conflict", summary, "leave it out, or use true")


def _figure(parameter: Parameter, value: object, path: str, problems: list[PolicyProblem]) -> Figure | None:
    try:
        return read_figure(parameter.form, value)
    except TypeError:
        code = "wrong-type"
    except (ValueError, OverflowError):
        code = "bad-value"
    problems.append(PolicyProblem(path, code, f"{value!r} will not do", f"use {parameter.form.value}"))
    return None


def _kind_of(stem: object, path: str, problems: list[PolicyProblem]) -> type[Setting] | None:
    kind = _BY_STEM.get(stem) if isinstance(stem, str) else None
    if kind is None:
        remedy = f"choose one of {', '.join(_BY_STEM)}"
        problems.append(PolicyProblem(path, "unknown-name", f"there is no rule {stem!r}", remedy))
    return kind


def _not_a_map(path: str) -> PolicyProblem:
    return PolicyProblem(path, "wrong-type", "a rule's parameters are a map", "write {parameter: value}")


def _unknown_key(path: str, allowed: Iterable[str]) -> PolicyProblem:
    names = ", ".join(sorted(allowed)) or "none: it has no figures"
    return PolicyProblem(path, "unknown-key", "there is no such parameter", f"choose one of {names}")
