"""Measurements side by side with peers. Nothing here is a test; no figure is asserted."""
