"""One file for each operation of a scenario, under its own name."""
