"""The two processes of the product: web and worker."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from contravento.cli import graceful_server
from contravento.cli.bootstrap import begin_with_database
from contravento.cli.timed_protocol import TimedHttpProtocol
from contravento.kit.telemetry import metrics
from contravento.worker import run_worker

GRACE_SECONDS = 30
KEEP_ALIVE_SECONDS = 75  # longer than the proxy in front keeps its connections


def web(
    host: Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", help="Port to listen on.")] = 8000,
) -> None:
    """Answer requests, in WEB_CONCURRENCY processes."""
    settings = begin_with_database()
    config = uvicorn.Config(
        "contravento.main:serve",
        factory=True,
        http=TimedHttpProtocol,
        host=host,
        port=port,
        workers=settings.web_concurrency,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    if config.workers == 1:
        graceful_server.serve(config)
        return
    with tempfile.TemporaryDirectory(prefix="contravento-metrics-") as folder:
        os.environ[metrics.FOLDER] = folder  # where the processes add up their figures
        graceful_server.serve(config, forget=lambda pid: metrics.forget_process(pid, Path(folder)))


def worker(
    host: Annotated[
        str, typer.Option(envvar="HOST", help="Address where METRICS are told.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", help="Port where METRICS are told.")] = 8001,
) -> None:
    """Carry out jobs and the schedule."""
    settings = begin_with_database()
    asyncio.run(run_worker(settings, host=host, port=port))
