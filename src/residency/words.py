"""Words of the tables that are no part of the roster's model: swaps, notices, the equity ledger."""

from __future__ import annotations

from typing import Literal, get_args

SwapType = Literal["one_to_one", "absorb", "chain"]
SwapStatus = Literal["requested", "accepted", "approved", "executed", "rolled_back", "rejected", "cancelled", "expired"]
NoticeKind = Literal[
    "absence_recorded",
    "coverage_alert",
    "assignment_changed",
    "swap_update",
    "leave_decision",
    "rule_alert",
    "workload_alert",
]
NoticeStatus = Literal["queued", "sent", "failed"]
LedgerKind = Literal["holiday", "night", "weekend", "call", "denial", "credit"]

SWAP_TYPES: tuple[str, ...] = get_args(SwapType)
SWAP_STATUSES: tuple[str, ...] = get_args(SwapStatus)
NOTICE_KINDS: tuple[str, ...] = get_args(NoticeKind)
NOTICE_STATUSES: tuple[str, ...] = get_args(NoticeStatus)
LEDGER_KINDS: tuple[str, ...] = get_args(LedgerKind)

#: The actor when nobody is named.
SYSTEM = "system"
#: Where notices for the director go when nobody holds that role.
DIRECTOR_ROLE = "program_director"
