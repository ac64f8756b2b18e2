"""The ``html_report`` format: one file that needs nothing else, for a screen, a phone and paper."""

from rehearse.report.html.render import html_report

__all__ = ["html_report"]
