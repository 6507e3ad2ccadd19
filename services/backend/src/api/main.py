"""The paths, and what runs behind them."""

import asyncio
import logging
import signal
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol

from fastapi import FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.types import Lifespan

from api import __version__, cache, logs, metrics, settings
from api.articles import BODY_LIMIT, Article, Stored, Submission, complaints
from api.broker import Broker
from api.edge import Secured, json_body
from api.errors import Unavailable
from api.feed import EventStream, Feed, stream
from api.health import Monitor
from api.store import Store

AGAIN = {"Retry-After": "1"}  # seconds

log = logging.getLogger(__name__)


class Queue(Protocol):
    async def send(self, article: Article, headers: list[tuple[str, bytes]]) -> None: ...


class Table(Protocol):
    async def page(self, source: str | None, before: int | None, most: int) -> Sequence[Stored]: ...
    async def one(self, article: uuid.UUID) -> Stored | None: ...


class Counts(Protocol):
    async def take(self, limit: int) -> str | None: ...
    def give_back(self, lease: str) -> None: ...
    def count(self) -> None: ...
    async def rates(self) -> list[tuple[int, int]] | None: ...


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the paths need; tests bring their own."""

    queue: Queue
    table: Table
    counts: Counts
    feed: Feed
    monitor: Monitor
    streams: int | None  # at most so many at once; None: no streams at all


def application(lifespan: Lifespan[FastAPI]) -> FastAPI:
    """The lifespan leaves Parts in `app.state.parts`."""
    app = FastAPI(title="NewsTalk AI", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan)

    def parts() -> Parts:
        found: Parts = app.state.parts
        return found

    @app.post("/articles", status_code=202, openapi_extra=body_of(Submission))
    async def accept(request: Request) -> dict[str, str]:
        try:
            submission = Submission.model_validate_json(await json_body(request, BODY_LIMIT))
        except ValidationError as error:
            metrics.REJECTED.labels("422").inc()
            raise RequestValidationError(complaints(error)) from None
        except HTTPException as refusal:
            metrics.REJECTED.labels(str(refusal.status_code)).inc()
            raise
        article = submission.accepted(datetime.now(UTC))
        trace = request.headers.get("traceparent")
        await parts().queue.send(article, [("traceparent", trace.encode())] if trace else [])
        metrics.ACCEPTED.inc()
        parts().counts.count()
        return {"id": str(article.id), "status": "accepted"}

    @app.get("/articles")
    async def page(
        source: Annotated[str | None, Query(max_length=64, pattern="^[a-z0-9.-]+$")] = None,
        before: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> dict[str, Any]:
        articles = await parts().table.page(source, before, limit)
        return {"articles": articles, "next": articles[-1].seq if len(articles) == limit else None}

    @app.get("/articles/rates")
    async def rates() -> dict[str, list[tuple[int, int]]]:
        found = await parts().counts.rates()
        if found is None:
            raise HTTPException(404, "this Redis keeps no rates: it lacks the module TimeSeries")
        return {"per_minute": found}

    @app.get("/articles/stream", response_class=EventStream)
    async def follow(
        last_event_id: Annotated[int | None, Header(ge=0, lt=2**63)] = None,
        after: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    ) -> EventStream:
        """After the article that the header, or else the query, names; without both, what comes from now on."""
        here = parts()
        if here.streams is None:
            raise HTTPException(404, "streams are switched off")
        begin = next((seq for seq in (last_event_id, after, here.feed.newest) if seq is not None), None)
        if begin is None:
            raise Unavailable("database")
        if here.feed.closed:
            raise HTTPException(503, "this worker stops", headers=AGAIN)
        lease = await here.counts.take(here.streams)
        if lease is None:
            metrics.REFUSED.inc()
            raise HTTPException(503, f"all {here.streams} streams are taken", headers={"Retry-After": "10"})
        metrics.STREAMS.inc()

        def ended() -> None:
            metrics.STREAMS.dec()
            here.counts.give_back(lease)

        return EventStream(stream(here.feed, begin), ended)

    @app.get("/articles/{article_id}")
    async def one(article_id: uuid.UUID) -> Stored:
        found = await parts().table.one(article_id)
        if found is None:
            raise HTTPException(404, "no such article is stored yet")
        return found

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Always 200: a restart of this service mends no database."""
        monitor = parts().monitor
        return {
            "status": "healthy" if monitor.ready else "degraded",
            "timestamp": datetime.now(UTC).isoformat(),
            "version": __version__,
            "services": monitor.says(),
        }

    @app.get("/ready")
    async def ready(response: Response) -> dict[str, Any]:
        here = parts()
        serves = here.monitor.ready and not here.feed.closed
        response.status_code = 200 if serves else 503
        return {"ready": serves, "services": here.monitor.says()}

    @app.get("/metrics", include_in_schema=False)
    def exposition() -> Response:
        for name, well in parts().monitor.well.items():
            metrics.WELL.labels(name).set(well)
        return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.exception_handler(Unavailable)
    async def unavailable(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 503, headers=AGAIN)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: Exception) -> JSONResponse:
        found = error.errors() if isinstance(error, RequestValidationError) else ()
        # Ours have field and reason; FastAPI's, of parameters, have the place and the input, which is not sent back.
        detail = [e if "reason" in e else {"field": str(e["loc"][-1]), "reason": e["msg"]} for e in found]
        return JSONResponse({"detail": detail}, 422)

    app.add_middleware(Secured)
    app.add_middleware(metrics.Measured)
    return app


def body_of(model: type[Submission]) -> dict[str, Any]:
    """The body is read by hand, within its limit; the schema tells of it all the same."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}}


@asynccontextmanager
async def servers(app: FastAPI) -> AsyncIterator[None]:
    """The real parts. Starts while servers are away, and stops with streams open."""
    given = settings.read()
    logs.configure(given.log_level)
    metrics.begin()
    store, redis = Store(given.database_url), cache.Cache(given.redis_url)
    broker = Broker(given.kafka_bootstrap_servers, given.kafka_topic)
    feed, wake = Feed(store.after), asyncio.Event()
    monitor = Monitor({"database": store.check, "redis": redis.check, "kafka": broker.check})
    streams = given.sse_max_connections if given.enable_streaming else None
    app.state.parts = Parts(queue=broker, table=store, counts=redis, feed=feed, monitor=monitor, streams=streams)

    close_at_once(feed)
    await store.start()
    work = (
        monitor.run(),
        feed.follow(store.newest, wake),
        redis.listen(wake),
        redis.keep(),
        metrics.measure_process(),
    )
    tasks = [asyncio.create_task(watched(one)) for one in work]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await broker.stop()
    await redis.stop()
    await store.stop()


async def watched(work: Any) -> None:
    """A task that dies would be missed by nobody: the worker ends with it, and uvicorn starts another."""
    try:
        await work
    except Exception:
        log.exception("stops, since a task behind the paths failed")
        signal.raise_signal(signal.SIGTERM)


def close_at_once(feed: Feed) -> None:
    """uvicorn waits for open answers before it ends the lifespan, and streams end only when told to."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def stop(received: int, frame: Any, before: Any = before) -> None:
            with suppress(RuntimeError):  # the loop may have ended
                loop.call_soon_threadsafe(feed.close)
            if callable(before):
                before(received, frame)

        signal.signal(number, stop)


app = application(servers)
