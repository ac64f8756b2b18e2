"""Scenario files as their authors keep them: begun from templates, laid out, known to editors."""
