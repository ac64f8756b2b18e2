"""Photographs of databases."""
