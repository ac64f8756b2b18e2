"""Rule packs as data, a program's own rules, and how they combine: strictest wins."""

from residency.policy.loading import load_policy, policy_of, read_overrides, read_pack
from residency.policy.packs import DEFAULT_PACK, PACKS, PROGRAM_PACK, Pack
from residency.policy.policy import Policy, combine, named_pack, with_program
from residency.policy.problems import PolicyError, PolicyProblem
from residency.policy.settings import INTEGRITY_STEMS, SETTING_TYPES, Setting

__all__ = [
    "DEFAULT_PACK",
    "INTEGRITY_STEMS",
    "PACKS",
    "PROGRAM_PACK",
    "SETTING_TYPES",
    "Pack",
    "Policy",
    "PolicyError",
    "PolicyProblem",
    "Setting",
    "combine",
    "load_policy",
    "named_pack",
    "policy_of",
    "read_overrides",
    "read_pack",
    "with_program",
]
