"""The run: from a plan to a result, one phase after another."""
