"""How hard the property tests try: `RESIDENCY_EXAMPLES=10000`, `RESIDENCY_SWAPS=1000` for a long run, some dozens by default."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

TRIES = settings(
    max_examples=int(os.environ.get("RESIDENCY_EXAMPLES", "60")),
    deadline=None,
    derandomize="RESIDENCY_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
#: How many swaps of each kind are executed and undone on paper.
SWAPS = int(os.environ.get("RESIDENCY_SWAPS", "60"))
