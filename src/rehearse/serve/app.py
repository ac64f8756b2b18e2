"""The application: which address answers what."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from rehearse.artifacts.store import ArtifactStore
from rehearse.errors import ArtifactError
from rehearse.serve.feed import Feed
from rehearse.serve.follow import Follower
from rehearse.serve.history import Filter, chosen
from rehearse.serve.pages import history_page, live_page, message_page
from rehearse.serve.reports import run_page, suite_page
from rehearse.serve.security import FORBIDDEN, Guard, is_token
from rehearse.serve.starts import DATABASES, Started, Starts, TooManyError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

LARGEST_BODY = 16_384
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')


@dataclass(frozen=True)
class Site:
    """What is served.

    Attributes:
        store: The runs.
        names: Says which scenarios and suites there are, by the words that ``rehearse run`` takes.
        token: Whoever has it may start and stop runs.
        port: Under which the browser asks.
    """

    store: ArtifactStore
    names: Callable[[], tuple[str, ...]]
    token: str
    port: int


class Pages:
    """The answers."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.feed = Feed(Follower(site.store))
        self._starts = Starts(site.store.root, self._tell_start)

    def app(self) -> Starlette:
        """Return the application."""
        routes = [
            Route("/", self.live, methods=["GET"]),
            Route("/events", self.events, methods=["GET"]),
            Route("/history", self.history, methods=["GET"]),
            Route("/suite", self.suite, methods=["GET"]),
            Route("/runs/{run}", self.run, methods=["GET"]),
            Route("/starts", self.start, methods=["POST"]),
            Route("/starts/{number:int}/stop", self.stop, methods=["POST"]),
            Route("/favicon.ico", _nothing, methods=["GET"]),
        ]
        guard = Middleware(Guard, port=self._site.port)
        return Starlette(routes=routes, middleware=[guard], lifespan=self._life, max_body_size=LARGEST_BODY)

    @asynccontextmanager
    async def _life(self, _: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            self.feed.close()
            await self._starts.close()

    def live(self, _: Request) -> Response:
        """Answer with the page that shows runs as they happen."""
        return _page(live_page(str(self._site.store.root), self._site.names()))

    async def events(self, request: Request) -> Response:
        """Answer with what happens, for as long as somebody listens."""
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        last = request.headers.get("last-event-id", "")
        return StreamingResponse(
            self.feed.heard(last), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
        )

    def history(self, request: Request) -> Response:
        """Answer with the runs that are over."""
        wanted = Filter.of(request.query_params)
        return _page(history_page(wanted, chosen(self._site.store, wanted)))

    def run(self, request: Request) -> Response:
        """Answer with a run's report, in a room of its own: its script, if it has one, can reach nothing of this site."""
        try:
            return _page(run_page(self._site.store, request.path_params["run"]), alone=True)
        except ArtifactError as error:
            return _page(message_page("No such report", str(error)), status=404)

    def suite(self, _: Request) -> Response:
        """Answer with the report of the newest run of every scenario, in a room of its own too."""
        try:
            text = suite_page(self._site.store)
        except ArtifactError as error:
            return _page(message_page("No report", str(error)), status=404)
        return _page(text, alone=True) if text else _page(message_page("No report", "There is no finished run yet."))

    async def start(self, request: Request) -> Response:
        """Start a run, if the token is right."""
        form = await _form(request)
        if not is_token(form.get("token", ""), self._site.token):
            return _refused(request, FORBIDDEN, "the token is missing or wrong; it was printed when the server started")
        name, database = form.get("name", ""), form.get("database", DATABASES[0])
        if name not in await run_in_threadpool(self._site.names):
            return _refused(request, 400, f"there is no scenario or suite `{name}`")
        if database not in DATABASES:
            return _refused(request, 400, f"runs start on {' or '.join(DATABASES)} from here, not on `{database}`")
        try:
            started = await self._starts.start(name, database)
        except TooManyError:
            return _refused(request, 409, "as many runs as may go on at a time do; wait until one is over, or stop it")
        if _wants_json(request):
            return JSONResponse({"number": started.number}, 201)
        return RedirectResponse("/", 303)

    async def stop(self, request: Request) -> Response:
        """Ask a run that was started here to end, if the token is right."""
        if not is_token((await _form(request)).get("token", ""), self._site.token):
            return _refused(request, FORBIDDEN, "the token is missing or wrong; it was printed when the server started")
        if not self._starts.stop(request.path_params["number"]):
            return _refused(request, 404, "nothing of that number goes on")
        return JSONResponse({}, 202) if _wants_json(request) else RedirectResponse("/", 303)

    def _tell_start(self, started: Started) -> None:
        self.feed.tell(f"start {started.number}", "start", started)


def _page(text: str, *, status: int = 200, alone: bool = False) -> Response:
    """Return a page with its own content policy as a header too; no site may frame it."""
    found = POLICY.search(text[:4096])
    policy = found[1].replace("&#39;", "'") if found else "default-src 'none'"
    sandbox = "; sandbox allow-scripts allow-popups allow-downloads" if alone else ""
    return HTMLResponse(text, status, {"content-security-policy": f"{policy}; frame-ancestors 'none'{sandbox}"})


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form as a browser sends it; of any other kind of body, nothing."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return {}
    fields = parse_qs((await request.body()).decode(errors="replace"), max_num_fields=20)
    return {name: values[-1] for name, values in fields.items()}


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _refused(request: Request, status: int, text: str) -> Response:
    if _wants_json(request):
        return JSONResponse({"error": text}, status)
    return _page(message_page("Refused", text), status=status)


def _nothing(_: Request) -> Response:
    return Response(status_code=204)
