"""What is told to browsers: the newest standing of everything, each with a number, so that who comes back hears only what changed since."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rehearse.errors import ArtifactError
from rehearse.serve.starts import Started
from rehearse.serve.trail import RUNNING, Seen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rehearse.serve.follow import Follower

PAUSE = 0.25
"""Seconds between two looks at the disk, as long as anybody listens."""

SIGN_OF_LIFE = 15.0
"""Seconds without news after which a line without meaning is sent, by which a connection that is gone is noticed."""

KEPT = 100
"""So many runs that are over are still told to a page that is opened."""

logger = logging.getLogger("rehearse")


@dataclass(frozen=True)
class Told:
    """One thing that a page knows of: a run, or a command that was started from a page."""

    number: int
    event: str
    thing: Seen | Started

    def text(self, epoch: str) -> str:
        """Return it as a server-sent event."""
        data = json.dumps(asdict(self.thing), ensure_ascii=True, allow_nan=False)
        return f"id: {epoch}-{self.number}\nevent: {self.event}\ndata: {data}\n\n"


class Feed:
    """Follows the runs as long as anybody listens, and tells every listener what it has not heard."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._epoch = secrets.token_hex(4)
        self._number = 0
        self._told: dict[str, Told] = {}
        self._news = asyncio.Event()
        self._listeners = 0
        self._looking: asyncio.Task[None] | None = None
        self.closed = False

    def tell(self, key: str, event: str, thing: Seen | Started) -> None:
        """Note the newest standing of a thing and wake the listeners."""
        self._number += 1
        self._told.pop(key, None)
        self._told[key] = Told(self._number, event, thing)
        news, self._news = self._news, asyncio.Event()
        news.set()

    def close(self) -> None:
        """End every listener's stream. Idempotent."""
        self.closed = True
        self._news.set()

    async def heard(self, last_id: str = "") -> AsyncIterator[str]:
        """Yield server-sent events from now on, first what changed since `last_id`; everything if nobody knows that number."""
        mine = self._number_of(last_id)
        self._listeners += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await self._refresh()
            yield "retry: 1000\n\n" if mine else "retry: 1000\nevent: anew\ndata: {}\n\n"
            while not self.closed:
                news = self._news
                for told in [told for told in self._told.values() if told.number > mine]:
                    mine = told.number
                    yield told.text(self._epoch)
                if not await _within(news, SIGN_OF_LIFE):
                    yield ": still here\n\n"
        finally:
            self._listeners -= 1

    def _number_of(self, last_id: str) -> int:
        """Return the number that an id names; 0 if it is none of this server's."""
        epoch, _, number = last_id.partition("-")
        is_ours = epoch == self._epoch and number.isascii() and number.isdigit() and len(number) < len(str(1 << 62))
        return min(int(number), self._number) if is_ours else 0

    async def _look(self) -> None:
        """Read the disk while anybody listens; what cannot be read now may be read with the next look."""
        said = ""
        while self._listeners and not self.closed:
            try:
                for seen in await asyncio.to_thread(self._follower.look):
                    self.tell(seen.run, "run", seen)
                said = ""
            except (OSError, ArtifactError) as error:
                if str(error) != said:
                    logger.warning("the runs cannot be looked at: %s", error)
                said = str(error)
            self._forget()
            await asyncio.sleep(PAUSE)

    async def _refresh(self) -> None:
        """Let the runs that go on be told as they stand now; that their time has gone on is no news by itself."""
        for seen in await asyncio.to_thread(self._follower.going):
            if seen.run in self._told:
                self._told[seen.run] = Told(self._told[seen.run].number, "run", seen)

    def _forget(self) -> None:
        over = [key for key, told in self._told.items() if told.event == "run" and told.thing.state != RUNNING]
        for key in over[: max(0, len(over) - KEPT)]:
            del self._told[key]


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
