"""Runs as they happen, and the history, in a browser on this machine: ``rehearse serve``."""
