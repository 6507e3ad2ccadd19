"""Serves the API with four workers, as the specification has it."""

import uvicorn

from api import settings

if __name__ == "__main__":
    given = settings.read()  # here, so that a mistake is told once and not by every worker, again and again
    uvicorn.run(
        "api.main:app",
        host="0.0.0.0",
        port=given.port,
        workers=4,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=40,  # seconds: of the 60 that a pod has, 10 are its drain
        timeout_keep_alive=75,  # seconds, above nginx' 60: the one who keeps shorter must be the client
        backlog=2048,
    )
