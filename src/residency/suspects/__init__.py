"""A look at a large roster as a whole that proves who and what is clean, rule by rule, so that the rules look at the others only.

The rules alone say what a breach is. The screen may suspect somebody who is clean, never the other way round. It needs numpy, and is imported
where a roster is large enough to be worth it.
"""

from residency.suspects.search import Suspects, suspects

__all__ = ["Suspects", "suspects"]
