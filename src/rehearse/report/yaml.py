"""The ``yaml`` format: the same tree as ``json``, in plain tags only, so that every safe loader reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from rehearse.report.document import document
from rehearse.report.model import LIMITS, Limits

if TYPE_CHECKING:
    from rehearse.report.model import RunReport


class _Dumper(yaml.SafeDumper):
    """Writes equal lists out twice instead of pointing from one to the other."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  (the signature is the library's)
        return True


def yaml_report(report: RunReport, *, limits: Limits = LIMITS) -> str:
    """Return the report as YAML in block style, keys in reading order."""
    tree = document(report, limits=limits)
    return yaml.dump(tree, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120, default_flow_style=False)
