"""Rosters in the format of the Curtois–Qu benchmark: read, solved, itemised."""
