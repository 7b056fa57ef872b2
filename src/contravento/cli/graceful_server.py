"""A uvicorn server that stops without dropping a request."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable

from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

LOOK_EVERY_SECONDS = 0.05

log = logging.getLogger(__name__)


class DrainingServer(Server):
    """Stops listening, ends each connection with its next answer, and leaves when none is open.

    uvicorn itself closes idle connections at once, just when a proxy may be sending on one.
    A proxy that lets idle connections go before `drain_seconds` never meets a closed one.
    """

    drain_seconds = 8.0

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        until = time.monotonic() + self.drain_seconds
        while self.server_state.connections and time.monotonic() < until and not self.force_exit:
            # set anew each time: requests take the list that is there when they begin
            self.server_state.default_headers = [(b"connection", b"close")]
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        await super().shutdown(sockets)


class _Process(Process):
    @property
    def server(self) -> Server:
        if self._server is None:
            self._server = DrainingServer(config=self.config)
        return self._server


class _Processes(Multiprocess):
    def __init__(
        self, config: Config, sockets: list[socket.socket], forget: Callable[[int], None]
    ) -> None:
        super().__init__(config, sockets)
        self._forget = forget

    def init_processes(self) -> None:
        self.processes += [self._start() for _ in range(self.processes_num)]

    def _start(self) -> _Process:
        process = _Process(self.config, self.sockets)
        process.start()
        return process

    def keep_subprocess_alive(self) -> None:
        """Replace who died or hangs by one that drains, too; give up if it could not even start."""
        for place, process in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if process.is_alive(timeout=self.config.timeout_worker_healthcheck):
                continue
            process.kill()
            process.join()
            if process.pid:
                self._forget(process.pid)
            if process.exitcode == STARTUP_FAILURE:
                log.error("a web process could not start")
                self.should_exit.set()
                return
            log.warning("a web process has ended; another takes its place")
            self.processes[place] = self._start()

    def terminate_all(self) -> None:
        for listener in self.sockets:  # else connections would queue at a door nobody opens
            listener.close()
        super().terminate_all()


def serve(config: Config, *, forget: Callable[[int], None] = lambda process_id: None) -> None:
    """Until told to stop; in as many processes as the configuration says. One that ends before
    is replaced, after `forget` was told its id."""
    if config.workers > 1:
        _Processes(config, [config.bind_socket()], forget).run()
        return
    server = DrainingServer(config)
    server.run()
    if not server.started:
        raise SystemExit(3)
