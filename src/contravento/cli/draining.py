"""Leaving the line of servers without dropping a request: uvicorn, with an end of our own."""

import asyncio
import socket
import time

from uvicorn import Config, Server
from uvicorn.supervisors.multiprocess import Multiprocess, Process

LOOK_EVERY_SECONDS = 0.05


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
    def init_processes(self) -> None:
        for _ in range(self.processes_num):
            process = _Process(self.config, self.sockets)
            process.start()
            self.processes.append(process)

    def terminate_all(self) -> None:
        for listener in self.sockets:  # else connections would queue at a door nobody opens
            listener.close()
        super().terminate_all()


def serve(config: Config) -> None:
    """Until told to stop; in as many processes as the configuration says."""
    if config.workers > 1:
        _Processes(config, sockets=[config.bind_socket()]).run()
        return
    server = DrainingServer(config)
    server.run()
    if not server.started:
        raise SystemExit(3)
