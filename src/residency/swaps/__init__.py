"""Duties that change round between people who agree: asking, finding a partner, doing it, going back."""
