"""Runs on disk: written while they go, kept as long as asked, exported."""
