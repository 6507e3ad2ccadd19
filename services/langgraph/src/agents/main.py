"""The paths, and what runs behind them."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import ValidationError
from starlette.types import Lifespan

from agents import __version__, logs, metrics, model, settings, tracing
from agents.articles import BODY_LIMIT, Analysis, Article, complaints
from agents.checkpoints import LOST, Checkpoints
from agents.edge import Secured, json_body
from agents.errors import Refused, Unavailable
from agents.graph import Agents
from agents.health import Monitor

ANSWER_WITHIN = 80.0  # seconds; stream-processor waits for 90
AGAIN = {"Retry-After": "1"}  # seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the paths need; tests bring their own. `seconds`: for one article."""

    agents: Agents
    monitor: Monitor
    seconds: float


def application(lifespan: Lifespan[FastAPI]) -> FastAPI:
    """The lifespan leaves Parts in `app.state.parts`."""
    app = FastAPI(title="NewsTalk AI agents", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan)
    traces = TraceContextTextMapPropagator()

    def parts() -> Parts:
        found: Parts = app.state.parts
        return found

    # The body is read by hand, within its limit; the schema tells of it all the same.
    body = {"required": True, "content": {"application/json": {"schema": Article.model_json_schema()}}}

    @app.post("/analyze", openapi_extra={"requestBody": body})
    async def analyze(request: Request) -> Analysis:
        try:
            article = Article.model_validate_json(await json_body(request, BODY_LIMIT))
        except ValidationError as error:
            raise RequestValidationError(complaints(error)) from None
        here = parts()
        try:
            async with asyncio.timeout(here.seconds):
                return await here.agents.analyze(article, traces.extract(dict(request.headers)))
        except TimeoutError:
            # What is done is in the checkpoints: the next attempt goes on from there.
            raise HTTPException(504, f"no answer within {here.seconds:g} seconds", headers=AGAIN) from None
        except Refused as error:
            raise HTTPException(422, str(error)) from None
        except LOST:
            raise Unavailable("database") from None

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
        monitor = parts().monitor
        response.status_code = 200 if monitor.ready else 503
        return {"ready": monitor.ready, "services": monitor.says()}

    @app.get("/metrics", include_in_schema=False)
    def exposition() -> Response:
        for name, well in parts().monitor.well.items():
            metrics.WELL.labels(name).set(well)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.exception_handler(Unavailable)
    async def unavailable(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 503, headers=AGAIN)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": error.errors() if isinstance(error, RequestValidationError) else []}, 422)

    app.add_middleware(Secured)
    app.add_middleware(metrics.Measured)
    return app


@asynccontextmanager
async def servers(app: FastAPI) -> AsyncIterator[None]:
    """The real parts. Starts while the database is away; ends when the answers in progress are given."""
    given = settings.read()
    logs.configure(given.log_level)
    seconds = min(ANSWER_WITHIN, given.pipeline_max_processing_time)
    checkpoints, asked = Checkpoints(given.checkpoint_database_url), model.chosen(given, seconds)
    metrics.MODEL.info(dict(model.described(asked, given)))
    targets = tracing.exporters(given)
    traces = tracing.provider(targets)
    monitor = Monitor({"database": checkpoints.check})
    agents = Agents(asked, checkpoints.saver, traces.get_tracer("agents"))
    app.state.parts = Parts(agents=agents, monitor=monitor, seconds=seconds)
    log.info("asks the model %s, traces go to %d places", asked.name, len(targets))

    await checkpoints.start()
    tasks = [asyncio.create_task(watched(one)) for one in (monitor.run(), checkpoints.keep())]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asked.close()
    await checkpoints.stop()
    await asyncio.to_thread(tracing.flush, traces)


async def watched(work: Coroutine[Any, Any, None]) -> None:
    """A task that dies would be missed by nobody: the process ends with it, to be started again."""
    try:
        await work
    except Exception:
        log.exception("stops, since a task behind the paths failed")
        signal.raise_signal(signal.SIGTERM)


app = application(servers)
