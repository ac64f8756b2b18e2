"""The report of many runs: how all of them came out, what failed and why, and how that was the last times."""
