"""Opens the run's database from a child process of ours, by the address that the lease gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rehearse.database.engine import Exchange
from rehearse.database.sqlite_connection import connect_own_file, connect_sqlite
from rehearse.database.sqlite_lease import TRANSACTIONS
from rehearse.database.watch import Tenure, Watch
from rehearse.database.works import LeasedWork

if TYPE_CHECKING:
    from rehearse.database.deadline import Deadline
    from rehearse.database.observe import Observer
    from rehearse.database.sqlite_connection import SqliteConnection
    from rehearse.database.store import Work

_SQLITE: Final = "sqlite:///"
_ATTACHED: Final = "attached:"


def open_work(address: str, observer: Observer, deadline: Deadline) -> Work:
    """Return a piece of work on the database at `address` (`rehearse.database.store.Lease.process_address`).

    The connection is the child's own and ends with `Work.close`.
    """
    if address.startswith(_ATTACHED):
        from rehearse.database.attached import open_attached_work  # noqa: PLC0415  (guarded; only where it is needed)

        return open_attached_work(address, observer, deadline)
    if address.startswith(_SQLITE):
        return _sqlite_work(address.removeprefix(_SQLITE), observer, deadline)
    from rehearse.database.postgres_lease import open_postgres_work  # noqa: PLC0415  (only where the driver is there)

    return open_postgres_work(address, observer, deadline)


def _sqlite_work(path: str, observer: Observer, deadline: Deadline) -> LeasedWork[SqliteConnection]:
    first = connect_sqlite(":memory:")
    exchange = Exchange("sqlite://", first)
    first.shut()
    raw = connect_own_file(path, survives_kill=True)
    watch = Watch(raw, observer, deadline, Tenure(path))
    return LeasedWork(raw, watch, TRANSACTIONS, lambda: exchange.wrap(raw), lambda _: raw.shut())
