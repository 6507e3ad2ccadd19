"""Serves the agents with one process: they wait for a model, and a replica more is what scales."""

import uvicorn

from agents import settings

if __name__ == "__main__":
    given = settings.read()  # here, so that a mistake is one line
    uvicorn.run(
        "agents.main:app",
        host="0.0.0.0",
        port=given.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=100,  # seconds: of the 120 that a pod has, 10 are its drain
        timeout_keep_alive=75,  # seconds: the one who keeps shorter must be the client
    )
