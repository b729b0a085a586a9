"""A server in a thread with an event loop of its own, for tests that have none."""

import asyncio
import threading
from typing import Self

from huifu_mock.server import HttpServer


class Runner:
    """An `HttpServer` in a thread with an event loop of its own."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._started = threading.Event()
        self._error: BaseException | None = None
        self.loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="huifu-mock", daemon=True)

    def start(self) -> Self:
        """Return when the port answers. Raises `CannotListen`."""
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error
        return self

    def stop(self) -> None:
        """Stop the server and its thread; twice is fine."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        try:
            await self._server.start()
        except BaseException as error:
            self._error = error
            return
        finally:
            self._started.set()
        await self._stop.wait()
        await self._server.stop()
