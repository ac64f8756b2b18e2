from __future__ import annotations

from decimal import Decimal

import pytest

from residency.calendar import HOUR, WindowKind
from residency.model import Severity
from residency.policy import PACKS, PolicyError, combine, load_policy, named_pack, policy_of, read_pack
from residency.policy import settings as ask
from residency.rules import RULES, STEMS


def test_every_rule_has_a_setting_in_the_same_order() -> None:
    """The rules and the kinds of setting are the same list."""
    assert ask.SETTING_TYPES == tuple(rule.setting for rule in RULES)
    assert len(set(STEMS)) == len(STEMS)


def test_the_default_is_the_published_text() -> None:
    """Without a name the policy is acgme-2025, with 80 hours averaged by rotation."""
    policy = load_policy()
    assert policy.name == "acgme-2025"
    assert policy.weekly[0] == ask.WeeklyHours(pack="acgme-2025", limit=80 * HOUR, window=WindowKind.ROTATION)


@pytest.mark.parametrize("pack", [pack.name for pack in PACKS])
def test_integrity_rules_are_always_on(pack: str) -> None:
    """Every pack judges leave, double booking, coverage and qualification."""
    assert all(load_policy(pack).in_force(stem) for stem in ask.INTEGRITY_STEMS)


def test_ratios_are_off_until_a_program_sets_them() -> None:
    """The common requirements know no supervision ratio; a program's is policy."""
    assert not load_policy().in_force("supervision_ratio")
    setting = load_policy(overrides={"supervision_ratio": {"pgy1": 1}}).of(ask.SupervisionRatio)[0]
    assert (setting.pgy1, setting.senior, setting.severity) == (1, 4, Severity.POLICY)


def test_overrides_come_on_top_of_the_pack() -> None:
    """A program's tighter figure is judged beside the pack's own, at level policy."""
    policy = load_policy(overrides={"rest_after_call": {"rest_hours": Decimal("16.5")}})
    found = [(setting.rest, setting.severity) for setting in policy.of(ask.RestAfterCall)]
    assert found == [(14 * HOUR, Severity.VIOLATION), (990, Severity.POLICY)]


def test_max_days_means_strictly() -> None:
    """A program's days without a day off are judged as runs, whatever the pack averages."""
    own = load_policy(overrides={"one_day_in_seven": {"max_days": 10}}).of(ask.OneDayInSeven)[1]
    assert own.strict
    assert own.max_days == 10


@pytest.mark.parametrize(
    ("pack", "overrides", "code"),
    [
        ("acgme-2025", {"weekly_hours": {"limit_hours": 88}}, "conflict"),
        ("acgme-2025", {"rest_after_call": {"rest_hours": 10}}, "conflict"),
        ("acgme-2025", {"call_frequency": {"every": 2}}, "conflict"),
        ("acgme-2025", {"duty_period": {"extra_hours": 6}}, "conflict"),
        ("seed", {"one_day_in_seven": {"max_days": 7}}, "conflict"),
        ("seed", {"night_float": {"max_nights": 7}}, "conflict"),
        ("seed", {"night_float": {"gap_hours": 12}}, "conflict"),
        ("seed", {"supervision_ratio": {"senior": 5}}, "conflict"),
        ("acgme-2025", {"moonlighting": {"breaks_rest": False}}, "conflict"),
        ("acgme-2025", {"moonlighting": {"breaks_rest": "no"}}, "wrong-type"),
        ("acgme-2025", {"moonlighting": {"hours": 3}}, "unknown-key"),
        ("acgme-2025", {"weekly_hour": {"limit_hours": 70}}, "unknown-name"),
        ("acgme-2025", {"weekly_hours": {"limit": 70}}, "unknown-key"),
        ("acgme-2025", {"weekly_hours": {"warn_hours": 70}}, "unknown-key"),
        ("acgme-2025", {"weekly_hours": {"limit_hours": "70"}}, "wrong-type"),
        ("acgme-2025", {"weekly_hours": {"limit_hours": True}}, "wrong-type"),
        ("acgme-2025", {"weekly_hours": {"limit_hours": 70.001}}, "bad-value"),
        ("acgme-2025", {"night_float": {"max_nights": 0}}, "bad-value"),
        ("acgme-2025", {"night_float": {"max_nights": 2.5}}, "bad-value"),
        ("acgme-2025", {"night_float": 6}, "wrong-type"),
        ("acgme-2025", {"coverage": {"gap": 6}}, "unknown-key"),
        ("acgme", None, "unknown-name"),
    ],
)
def test_mistakes_are_named(pack: str, overrides: dict[str, object] | None, code: str) -> None:
    """What loosens a must, or cannot be read, is refused with its place and sort."""
    with pytest.raises(PolicyError) as caught:
        load_policy(pack, overrides)
    assert [code] == [problem.code for problem in caught.value.problems]


def test_all_mistakes_are_reported_at_once() -> None:
    """Two mistakes in one mapping are two problems."""
    with pytest.raises(PolicyError, match=r"policy\.a: .*; policy\.coverage: ") as caught:
        load_policy(overrides={"a": {}, "coverage": 1})
    assert len(caught.value.problems) == 2


def test_a_should_may_be_undercut() -> None:
    """Only a must stands in the way of a looser figure."""
    assert load_policy(overrides={"rest_between_shifts": {"rest_hours": 6}}).of(ask.RestBetweenShifts)[1].rest == 360


def test_a_true_breaks_rest_changes_nothing() -> None:
    """Moonlighting shortens rest anyway."""
    assert load_policy() == load_policy(overrides={"moonlighting": {"breaks_rest": True}})


def test_combined_packs_keep_what_differs() -> None:
    """Equal settings are kept once, under the first pack's name; others stand side by side."""
    policy = combine([named_pack("acgme-2025"), named_pack("ny405")])
    assert policy.name == "acgme-2025+ny405"
    assert [setting.pack for setting in policy.of(ask.DutyPeriodLimit)] == ["acgme-2025", "ny405"]
    assert [setting.pack for setting in policy.of(ask.RestAfterCall)] == ["acgme-2025"]


def test_a_pack_can_be_read() -> None:
    """A mapping extends a pack, changes figures and levels, and turns rules off."""
    pack = read_pack(
        {
            "name": "ours",
            "extends": "acgme-2025",
            "rules": {
                "weekly_hours": {"limit_hours": 75, "window": "block28", "anchor": "2024-12-02", "warn_hours": 70},
                "rest_between_shifts": {"level": "must", "rest_hours": 10, "citation": "ours 1"},
                "call_frequency": None,
                "duty_period": {"pgy1_hours": 16},
            },
        }
    )
    policy = policy_of([pack])
    weekly, rest = policy.weekly[0], policy.of(ask.RestBetweenShifts)[0]
    assert (weekly.limit, weekly.warn, weekly.window) == (75 * HOUR, 70 * HOUR, WindowKind.BLOCK28)
    assert (rest.rest, rest.severity, rest.citation, rest.pack) == (600, Severity.VIOLATION, "ours 1", "ours")
    assert not policy.in_force("call_frequency")
    assert policy.of(ask.DutyPeriodLimit)[0].pgy1_cap == 16 * HOUR


def test_a_pack_alone_has_only_its_own_rules() -> None:
    """Without a pack to extend, what is not written is off, integrity apart."""
    policy = combine([read_pack({"name": "bare", "rules": {"night_float": {"max_nights": 5}}})])
    assert {setting.stem for setting in policy.settings} == ask.INTEGRITY_STEMS | {"night_float"}


@pytest.mark.parametrize(
    ("document", "codes"),
    [
        ({}, ["missing-key"]),
        ({"name": "a", "extends": "b"}, ["unknown-name"]),
        ({"name": "a", "rules": []}, ["wrong-type"]),
        ({"name": "a", "rule": {}}, ["unknown-key"]),
        ({"name": "a", "rules": {"coverage": None}}, ["wrong-type"]),
        ({"name": "a", "rules": {"weekly_hours": {"window": "year", "level": "may"}}}, ["bad-value", "bad-value"]),
        ({"name": "a", "rules": {"weekly_hours": {"window": 4, "anchor": 5}}}, ["wrong-type", "wrong-type"]),
        ({"name": "a", "rules": {"weekly_hours": {"exclude_leave": 1, "why": 2}}}, ["wrong-type", "unknown-key"]),
        ({"name": "a", "rules": {"hours": {}}}, ["unknown-name"]),
    ],
)
def test_a_pack_that_cannot_be_read_is_refused(document: dict[str, object], codes: list[str]) -> None:
    """Every mistake of a pack has its own code."""
    with pytest.raises(PolicyError) as caught:
        read_pack(document)
    assert codes == [problem.code for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"weekly_hours": {"limit_hours": 72, "warn_hours": 78}}, "warns from 78 hours on"),
        ({"weekly_hours": {"limit_hours": 169, "exceptions": False}}, "a week of 168 hours has no 169 hours"),
        ({"weekly_hours": {"limit_hours": 0}}, "a week of 168 hours has no 0 hours"),
        ({"weekly_hours": {"limit_hours": "88.5"}}, "will not do"),
        ({"weekly_hours": {"limit_hours": 88.5}}, "would lower the limit of 88:30 hours"),
        ({"weekly_hours": {"anchor": "2024-12-02"}}, "the window is `rotation`"),
        ({"call_frequency": {"window": "month", "anchor": "2024-12-02"}}, "the window is `month`"),
        ({"one_day_in_seven": {"strict": True, "window": "block28"}}, "have no windows"),
        ({"one_day_in_seven": {"strict": True, "unaveraged_on_night_float": True}}, "never averaged"),
        ({"one_day_in_seven": {"max_days": 6}}, "averages know no runs"),
        ({"duty_period": {"exception_hours": 20}}, "20 hours is under the limit of 24 hours"),
        ({"duty_period": {"pgy1_hours": 29}}, "29 hours is over what holds for everybody"),
        ({"duty_period": {"limit_hours": 0}}, "a duty period of no minutes"),
        ({"rest_after_call": {"rest_hours": 7}}, "7 hours of rest after 24 hours, but 8 hours"),
        ({"supervision_ratio": {"pgy1": 5, "senior": 4}}, "5 PGY-1 but only 4"),
    ],
)
def test_a_pack_that_contradicts_itself_is_refused(rules: dict[str, object], told: str) -> None:
    """Figures that cannot all be meant are refused, with the reason and a remedy."""
    with pytest.raises(PolicyError, match=told) as caught:
        read_pack({"name": "ours", "extends": "acgme-2025", "rules": rules})
    assert all(problem.path.startswith("rules.") and problem.remedy for problem in caught.value.problems)


def test_a_pack_may_not_take_a_name_that_is_taken() -> None:
    """Other figures under a shipped pack's name would pass for that pack."""
    for name in ("acgme-2025", "program"):
        with pytest.raises(PolicyError, match="there already"):
            read_pack({"name": name})


def test_what_does_not_contradict_itself_is_read() -> None:
    """At the boundary: a warning at the limit, an exception as long as the limit, equal rests, equal ratios."""
    pack = read_pack(
        {
            "name": "ours",
            "extends": "acgme-2025",
            "rules": {
                "weekly_hours": {"warn_hours": 80},
                "duty_period": {"exception_hours": 24, "pgy1_hours": 28},
                "rest_after_call": {"rest_hours": 8},
                "supervision_ratio": {"pgy1": 2, "senior": 2},
                "one_day_in_seven": {"unaveraged_on_night_float": True, "max_days": 5},
            },
        }
    )
    assert policy_of([pack]).of(ask.OneDayInSeven)[0].max_days == 5


def test_the_programs_own_ratios_may_not_contradict_each_other() -> None:
    """More PGY-1 than seniors to a supervisor is refused in a program's overrides too."""
    with pytest.raises(PolicyError, match="4 PGY-1 but only 2"):
        load_policy(overrides={"supervision_ratio": {"pgy1": 4, "senior": 2}})


def test_a_level_of_another_type_is_told() -> None:
    """A list is no level."""
    with pytest.raises(PolicyError, match="is no level"):
        read_pack({"name": "ours", "rules": {"coverage": {"level": ["must"]}}})
