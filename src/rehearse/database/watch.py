"""Between a driver's cursor and the server: every statement is admitted, held at the gate, timed and recorded here.

The hook sits in the driver's own cursor class, so that statements which bypass SQLAlchemy are seen too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NoReturn, Protocol

from rehearse.database.deadline import DeadlinePassedError
from rehearse.database.observe import Statement
from rehearse.database.statements import Shape, shape_of
from rehearse.database.transient import described_safely, redact
from rehearse.errors import LeaseRevokedError, RehearseError

if TYPE_CHECKING:
    from rehearse.database.cache import Answer, QueryCache, SchemaLinks
    from rehearse.database.deadline import Deadline
    from rehearse.database.observe import Observer

_FIRST_WAIT: Final = 0.0005
_LONGEST_WAIT: Final = 0.01
_WAITED: Final = "waited for a lock that another session holds"
_NEAR: Final = 0.1
_VALUES_LIMIT: Final = 1_000
_TYPE_WORDS: Final[Mapping[type, str]] = {str: "text", type(None): "null", bytes: "bytes"}


class TransactionError(RehearseError):
    """A statement came without a transaction of the run around it, or tried to end that transaction by itself."""


class Cursor(Protocol):
    """What a watch needs of a driver's cursor."""

    @property
    def rowcount(self) -> int:
        """Rows changed, or -1."""
        ...

    def answer(self) -> Answer | None:
        """Return the rows just read, or None if the statement returned none."""
        ...

    def serve(self, answer: Answer) -> None:
        """Give out `answer` as if it had just been read."""
        ...


class Wire(Protocol):
    """What a watch needs of a driver's connection."""

    watch: Watch | None

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open at the server, healthy or not."""
        ...

    @property
    def is_healthy(self) -> bool:
        """Whether the server would answer a read: the connection stands and its transaction has not failed."""
        ...

    def send(self, sql: str) -> None:
        """Send words of our own, past the watch."""
        ...

    def limit(self, deadline: Deadline) -> None:
        """See that the server itself ends the next statement at `deadline`."""
        ...

    def wrote(self) -> None:
        """Note what will be needed to ask what became of this transaction."""
        ...

    def is_blocked(self, error: BaseException) -> bool:
        """Whether `error` says that another holds the lock and a later try may succeed in this transaction."""
        ...

    def ended_by_deadline(self, error: BaseException) -> str:
        """Return why the server ended a statement at its deadline; empty if it was something else."""
        ...

    def stop(self) -> None:
        """End the running statement from another thread, by whatever it takes."""
        ...

    def links(self) -> SchemaLinks:
        """Return how writes reach from table to table."""
        ...


class Tenure:
    """Whether a lease still holds; shared by everything that was opened over it."""

    def __init__(self, run: str) -> None:
        self._run = run
        self.revoked = False

    def check(self) -> None:
        """Raise `LeaseRevokedError` once the lease was revoked."""
        if self.revoked:
            raise LeaseRevokedError(f"run {self._run} has ended: nothing is executed for it any more")


class Watch:
    """Watches one connection for one piece of work.

    Attributes:
        busy: Whether a statement is at the server at this moment.
        interruptions: How often somebody asked to stop; a wait for a lock ends when it grows.
    """

    def __init__(
        self,
        wire: Wire,
        observer: Observer,
        deadline: Deadline,
        tenure: Tenure,
        *,
        cache: QueryCache | None = None,
        permit: Callable[[Shape], None] | None = None,
    ) -> None:
        self._wire = wire
        self._observer = observer
        self.deadline = deadline
        self.tenure = tenure
        self.cache = cache
        self._permit = permit
        self.opened = False
        self.busy = False
        self.interruptions = 0
        self._seconds = 0.0
        self._limited = True

    def perform(self, cursor: Cursor, sql: str, parameters: object, send: Callable[[], object]) -> None:
        """Admit a statement, send it when the gate opens, and record it.

        Raises:
            LeaseRevokedError: If the run has ended.
            TransactionError: If no transaction of the run is open, or the statement would end it.
            DeadlinePassedError: If no time is left, or the lock it needs did not become free in time.
        """
        shape = shape_of(sql)
        self._admit(shape)
        remembered = self.cache.find(shape, sql, parameters) if self.cache and self._wire.is_healthy else None
        if remembered is not None:
            cursor.serve(remembered)
            self._seconds = 0.0
            self._record(shape, "CACHED", parameters)
            return
        try:
            self._send(shape.verb, shape.text, send, limited=True)
        except BaseException as error:
            self._record(shape, shape.verb, parameters, error=error)
            if self.cache:
                self.cache.clear()
            raise
        self._record(shape, shape.verb, parameters, rows=-1 if shape.reads_only else cursor.rowcount)
        self._afterwards(cursor, shape, sql, parameters)

    @contextmanager
    def streaming(self, cursor: Cursor, sql: str) -> Iterator[None]:
        """Watch a statement whose rows flow while the block runs, as COPY's do."""
        shape = shape_of(sql)
        self._admit(shape)
        gate = self._observer.gate
        if gate is not None:
            gate.before(shape.verb, shape.text)
            self.tenure.check()
        self._check_deadline(shape.verb)
        self._wire.limit(self.deadline)
        self.busy, started = True, time.perf_counter()
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:
            error = raised
            redact(raised)
            raise
        finally:
            self.busy = False
            self._seconds = time.perf_counter() - started
            self._record(shape, shape.verb, None, rows=-1 if error else cursor.rowcount, error=error)
            if gate is not None:
                gate.after(shape.verb, blocked=False)
            if self.cache is not None:
                self.cache.clear()
        self._wire.wrote()

    def control(self, verb: str, sql: str, *, extra: str = "", limited: bool = True) -> None:
        """Send a word about the transaction.

        Args:
            verb: What is recorded.
            sql: Its text.
            extra: Settings that travel in the same message; not recorded.
            limited: Whether the deadline holds for it; not for the one that cleans up.
        """
        self.tenure.check()
        shape = shape_of(sql)
        try:
            self._send(verb, sql, lambda: self._wire.send(sql + extra), limited=limited)
        except BaseException as error:
            self._record(shape, verb, None, error=error)
            raise
        self._record(shape, verb, None)

    def expired(self) -> bool:
        """Return whether the running statement has to end now; asked by the database itself."""
        return self._limited and self.busy and self.deadline.passed

    def interrupt(self) -> None:
        """Stop what runs, from another thread; nothing if nothing does."""
        self.interruptions += 1
        if self.busy:
            self._wire.stop()

    def _admit(self, shape: Shape) -> None:
        self.tenure.check()
        if shape.controls_transaction:
            raise TransactionError(
                f"{shape.verb} is the run's to say: an operation neither begins nor ends its transaction"
            )
        if not (self.opened and self._wire.in_transaction):
            what = "its transaction is gone" if self.opened else "no transaction was begun"
            raise TransactionError(f"{shape.verb} was not sent: {what}")
        if self._permit is not None:
            self._permit(shape)

    def _send(self, verb: str, sql: str, send: Callable[[], object], *, limited: bool) -> None:
        """Send until it is answered by anything but a refused lock."""
        gate = self._observer.gate
        asked, wait = self.interruptions, _FIRST_WAIT
        self._limited = limited
        self._seconds = 0.0
        while True:
            if gate is not None:
                gate.before(verb, sql)
                self.tenure.check()
            if limited:
                self._check_deadline(verb, waited=wait > _FIRST_WAIT)
                self._wire.limit(self.deadline)
            error = self._attempt(send)
            blocked = error is not None and self._wire.is_blocked(error)
            if gate is not None:
                gate.after(verb, blocked=blocked)
            if error is None:
                return
            if not blocked:
                self._raise(verb, error)
            if gate is None:
                self._wait_for_lock(verb, wait, interrupted=self.interruptions > asked)
                wait = min(wait * 2, _LONGEST_WAIT)

    def _attempt(self, send: Callable[[], object]) -> Exception | None:
        self.busy = True
        started = time.perf_counter()
        try:
            send()
        except Exception as error:  # noqa: BLE001  (judged by the caller, which raises what is no refused lock)
            return error
        finally:
            self.busy = False
            self._seconds += time.perf_counter() - started
        return None

    def _raise(self, verb: str, error: Exception) -> NoReturn:
        """Raise the error as the operation shall see it: the driver's own without values, or the deadline's."""
        reason = self._wire.ended_by_deadline(error) if self.deadline.remaining < _NEAR else ""
        redact(error)
        if not reason:
            raise error
        text = f"{verb} {reason}: {self.deadline.seconds:g} s had passed"
        raise DeadlinePassedError(text, waited_for_lock="lock" in reason) from error

    def _check_deadline(self, verb: str, *, waited: bool = False) -> None:
        if self.deadline.passed:
            if waited:
                raise DeadlinePassedError(f"{verb} {_WAITED}", waited_for_lock=True)
            raise DeadlinePassedError(f"{verb} was not sent: {self.deadline.seconds:g} s had passed")

    def _wait_for_lock(self, verb: str, wait: float, *, interrupted: bool) -> None:
        self.tenure.check()
        if interrupted:
            raise DeadlinePassedError(f"{verb} was interrupted; it {_WAITED}", waited_for_lock=True)
        time.sleep(max(0.0, min(wait, self.deadline.remaining)))

    def _afterwards(self, cursor: Cursor, shape: Shape, sql: str, parameters: object) -> None:
        if not self._wire.in_transaction:
            self.opened = False
            raise TransactionError(f"{shape.verb} ended the run's transaction by itself")
        if not shape.reads_only:
            self._wire.wrote()
        if self.cache is not None:
            answer = cursor.answer() if shape.repeatable else None
            if answer is not None:
                self.cache.keep(shape, sql, parameters, answer)
            self.cache.written(shape)

    def _record(
        self,
        shape: Shape,
        verb: str,
        parameters: object,
        *,
        rows: int = -1,
        error: BaseException | None = None,
    ) -> None:
        observer = self._observer
        observer.record(
            Statement(
                observer.next_number(),
                observer.step,
                verb,
                shape.text,
                described_values(parameters) if observer.values else described_types(parameters),
                rows,
                self._seconds,
                shape.tables,
                described_safely(error) if error is not None else "",
            )
        )


def described_types(parameters: object) -> str:
    """Return the types of one set of parameters, as ``(text, int)``; of several, ``3 x (text, int)``."""
    if not parameters:
        return ""
    if isinstance(parameters, Mapping):
        parameters = tuple(parameters.values())
    if not isinstance(parameters, Sequence) or isinstance(parameters, str | bytes):
        return f"({_type_word(parameters)})"
    if (
        isinstance(parameters, list)
        and isinstance(parameters[0], Mapping | Sequence)
        and not isinstance(parameters[0], str)
    ):
        return f"{len(parameters)} x {described_types(parameters[0])}"
    return f"({', '.join([_type_word(value) for value in parameters])})"


def described_values(parameters: object) -> str:
    """Return the parameters themselves, cut; only for a database of our own whose author asked for it."""
    if not parameters:
        return ""
    text = repr(parameters)
    return (
        text if len(text) <= _VALUES_LIMIT else f"{text[:_VALUES_LIMIT]} … [{len(text) - _VALUES_LIMIT} characters cut]"
    )


def _type_word(value: object) -> str:
    kind = type(value)
    return _TYPE_WORDS.get(kind) or kind.__name__.lower()
