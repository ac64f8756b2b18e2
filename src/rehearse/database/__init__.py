"""Databases: where they come from, who may touch them, and what is seen of every statement."""
