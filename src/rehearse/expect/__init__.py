"""Judging: every expectation against the evidence of a run, never against a database."""
