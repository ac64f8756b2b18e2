"""PostgreSQL: a database of one's own by transaction or by clone."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import psycopg

from rehearse.database.postgres_connection import plain_url
from rehearse.database.postgres_databases import Databases
from rehearse.database.postgres_keep import DumpKeeper, NameKeeper
from rehearse.database.postgres_lease import Bench, DatabaseLease, Premises, Seat, TransactionLease
from rehearse.database.postgres_pool import ClonePool, Janitor
from rehearse.database.postgres_templates import PostgresTemplates, build_layers
from rehearse.database.scratch import lasting_root
from rehearse.database.server import BundledServer
from rehearse.errors import RehearseError

if TYPE_CHECKING:
    from pathlib import Path

    from rehearse.database.postgres_keep import Keeper
    from rehearse.database.postgres_lease import PostgresLease
    from rehearse.database.postgres_pool import Clone
    from rehearse.database.store import Backend, Layer, LeaseRequest


class PostgresStore:
    """Fulfils `rehearse.database.store.Store` on a PostgreSQL server, in databases named ``rehearse_…`` of its own making.

    Args:
        url: Of a server on which we may create databases; None to start a bundled one that ends with the store.
        root: Where kept databases of a bundled server go, as files of SQL; by default the user's cache directory.

    Raises:
        RehearseError: If the server cannot be reached or does not let us, or libpq is too old.
    """

    backend: Backend = "postgresql"

    def __init__(self, url: str | None = None, *, root: Path | None = None, shared: Path | None = None) -> None:
        self._shared = shared
        self._root = (root or lasting_root()).absolute()
        self._server = BundledServer() if url is None else None
        try:
            self._open(url if self._server is None else self._server.start())
        except BaseException:
            if self._server is not None:
                self._server.stop()
            raise

    def _open(self, url: str | None) -> None:
        address = plain_url(url or "")
        try:
            self._databases = Databases(address)
        except psycopg.OperationalError as error:
            raise RehearseError(
                f"the PostgreSQL server cannot be used: {str(error).strip().splitlines()[0]}"
            ) from error
        exchange = self._databases.exchange()
        self._janitor = Janitor(self._databases.assistant)
        self._premises = Premises(self._databases, self._janitor, exchange, self._keeper())
        self._templates = PostgresTemplates(self._databases, exchange, shared=self._shared)
        self._lock = threading.Lock()
        self._pools: dict[str, ClonePool] = {}
        self._benches: defaultdict[str, list[Bench]] = defaultdict(list)
        self._uses: Counter[tuple[str, ...]] = Counter()
        self._counting: dict[tuple[str, ...], bool] = {}
        self._closed = False

    def _keeper(self) -> Keeper:
        if self._server is None:
            return NameKeeper(self._databases)
        return DumpKeeper(self._databases, self._server, self._root / "kept")

    @property
    def version(self) -> str:
        """The server's version."""
        return self._databases.version

    def lease(self, request: LeaseRequest) -> PostgresLease:
        """Return a fresh database with the template's content.

        One session gets a transaction, unless the schema has sequences, which no rollback turns back; several sessions, or another
        process, get a clone. A stack of layers that is asked for once is built where it is used; from the second time on it is a
        template.

        Raises:
            RehearseError: If several sessions, or another process, are to share one transaction.
        """
        shared = request.sessions > 1 or request.processes
        if request.isolation == "transaction" and shared:
            raise RehearseError(
                "isolation `transaction` has a single session; several, or another process, need a database to share"
            )
        base, upper = self._split(request.layers)
        make = self._database_lease if shared or self._needs_clone(request) else self._transaction_lease
        try:
            return make(request, base, upper)
        except psycopg.errors.InvalidCatalogName:  # another engine swept the template: it is made again, once
            self._templates.forget(request.layers)
            return make(request, base, upper)

    def sweep(self) -> tuple[str, ...]:
        """Drop what killed runs left on the server."""
        return self._databases.sweep()

    def close(self) -> None:
        """Drop what was made ahead, close all connections and stop a server that was started here; bottom templates stay."""
        if self._closed:
            return
        self._closed = True
        with self._lock:
            benches = [bench for idle in self._benches.values() for bench in idle]
            self._benches.clear()
        for bench in benches:
            self._drop_bench(bench)
        for pool in self._pools.values():
            pool.close()
        for template in self._templates.own():
            self._janitor.drop(template)
        self._janitor.close()
        self._premises.exchange.dispose()
        self._databases.close()
        if self._server is not None:
            self._server.stop()

    def _needs_clone(self, request: LeaseRequest) -> bool:
        counts = self._counting.get(_keys(request.layers), False)
        return request.isolation == "clone" or (request.isolation == "auto" and counts)

    def _split(self, layers: tuple[Layer, ...]) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
        """Return the layers that come from a template, and those that are built where they are used."""
        with self._lock:
            self._uses[_keys(layers)] += 1
            once = self._uses[_keys(layers)] == 1
        return (layers[:1], layers[1:]) if once else (layers, ())

    def _database_lease(
        self, request: LeaseRequest, base: tuple[Layer, ...], upper: tuple[Layer, ...]
    ) -> DatabaseLease:
        clone = self._clone(base)
        lease = DatabaseLease(request, self._premises, clone)
        try:
            if upper:
                build_layers(clone.connection, self._premises.exchange, upper)
        except BaseException:
            lease.discard()
            raise
        return lease

    def _transaction_lease(
        self, request: LeaseRequest, base: tuple[Layer, ...], upper: tuple[Layer, ...]
    ) -> PostgresLease:
        bench = self._bench(base)
        template = self._templates.name(base)
        if request.isolation == "auto" and bench.counts:
            self._counting[_keys(request.layers)] = True
            self._drop_bench(bench)
            return self._database_lease(request, base, upper)
        lease = TransactionLease(
            request, self._premises, bench, lambda used, fit: self._bench_back(template, used, fit=fit)
        )
        try:
            connection = bench.seat.connection()
            for layer in upper:
                layer.build(connection)
        except BaseException:
            lease.discard()
            raise
        return lease

    def _clone(self, layers: tuple[Layer, ...]) -> Clone:
        return self._pool(self._templates.name(layers)).take()

    def _pool(self, template: str) -> ClonePool:
        with self._lock:
            if template not in self._pools:
                self._pools[template] = ClonePool(template, self._databases, self._janitor)
            return self._pools[template]

    def _bench(self, layers: tuple[Layer, ...]) -> Bench:
        template = self._templates.name(layers)
        with self._lock:
            if self._benches[template]:
                return self._benches[template].pop()
        clone = self._clone(layers)
        clone.connection.learn_traits()
        counts = clone.connection.has_sequences
        return Bench(clone.database, Seat(clone.connection, self._premises.exchange), counts)

    def _bench_back(self, template: str, bench: Bench, *, fit: bool) -> None:
        with self._lock:
            if fit and not self._closed:
                self._benches[template].append(bench)
                return
        self._drop_bench(bench)

    def _drop_bench(self, bench: Bench) -> None:
        bench.seat.close()
        self._janitor.drop(bench.database)


def _keys(layers: tuple[Layer, ...]) -> tuple[str, ...]:
    return tuple(layer.key for layer in layers)
