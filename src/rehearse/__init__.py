"""Rehearse the bad day: run written scenarios against a real database and prove what they did.

result = await run_scenario_full("n1-holiday-coverage-001")
result.raise_for_status()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rehearse.api.artifacts import ArtifactManager
    from rehearse.api.backups import BackupManager, delete_backup, restore_from_backup
    from rehearse.api.capture import LogCaptureManager, MetricsCollector, StateCaptureManager
    from rehearse.api.execute import ScenarioExecutor
    from rehearse.api.loader import ScenarioLoader, ScenarioParser, ScenarioStructureValidator
    from rehearse.api.monitor import ProgressMonitor
    from rehearse.api.results import ResultValidator
    from rehearse.api.runs import (
        run_scenario_full,
        run_scenario_suite,
        run_scenario_with_retry,
        run_scenarios_parallel,
    )
    from rehearse.api.setup import PreconditionChecker, ScenarioSetup
    from rehearse.database.cache import enable_query_cache
    from rehearse.errors import (
        GuardRefusedError,
        PreconditionFailedError,
        Problem,
        RehearseError,
        ScenarioError,
        ScenarioFailedError,
        ScenarioNotFoundError,
        ScenarioTimeoutError,
    )
    from rehearse.run.outcome import ScenarioResult
    from rehearse.validators import validator

__version__ = "0.1.0"

_HOMES = {
    "rehearse.api.artifacts": ("ArtifactManager",),
    "rehearse.api.backups": ("BackupManager", "delete_backup", "restore_from_backup"),
    "rehearse.api.capture": ("LogCaptureManager", "MetricsCollector", "StateCaptureManager"),
    "rehearse.api.execute": ("ScenarioExecutor",),
    "rehearse.api.loader": ("ScenarioLoader", "ScenarioParser", "ScenarioStructureValidator"),
    "rehearse.api.monitor": ("ProgressMonitor",),
    "rehearse.api.results": ("ResultValidator",),
    "rehearse.api.runs": (
        "run_scenario_full",
        "run_scenario_suite",
        "run_scenario_with_retry",
        "run_scenarios_parallel",
    ),
    "rehearse.api.setup": ("PreconditionChecker", "ScenarioSetup"),
    "rehearse.database.cache": ("enable_query_cache",),
    "rehearse.errors": (
        "GuardRefusedError",
        "PreconditionFailedError",
        "Problem",
        "RehearseError",
        "ScenarioError",
        "ScenarioFailedError",
        "ScenarioNotFoundError",
        "ScenarioTimeoutError",
    ),
    "rehearse.run.outcome": ("ScenarioResult",),
    "rehearse.validators": ("validator",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ArtifactManager",
    "BackupManager",
    "GuardRefusedError",
    "LogCaptureManager",
    "MetricsCollector",
    "PreconditionChecker",
    "PreconditionFailedError",
    "Problem",
    "ProgressMonitor",
    "RehearseError",
    "ResultValidator",
    "ScenarioError",
    "ScenarioExecutor",
    "ScenarioFailedError",
    "ScenarioLoader",
    "ScenarioNotFoundError",
    "ScenarioParser",
    "ScenarioResult",
    "ScenarioSetup",
    "ScenarioStructureValidator",
    "ScenarioTimeoutError",
    "StateCaptureManager",
    "__version__",
    "delete_backup",
    "enable_query_cache",
    "restore_from_backup",
    "run_scenario_full",
    "run_scenario_suite",
    "run_scenario_with_retry",
    "run_scenarios_parallel",
    "validator",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: the command line starts without most of them."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
