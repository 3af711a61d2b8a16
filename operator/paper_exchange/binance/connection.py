"""One websocket: frames out in order, pings, and the ways in which a connection can go bad."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import Final

from aiohttp import WSMsgType, web

from paper_exchange.delivery import end_connection

PING_EVERY_S: Final = 20.0
"""The venue pings every 20 seconds ..."""
DROP_AFTER_S: Final = 60.0
"""... and ends a connection that has been silent for a minute."""
LIVES_S: Final = 24 * 60 * 60.0
"""The venue ends a connection after 24 hours, whatever happens on it."""
EXPIRED_CODE: Final = 1001
"""The close code then; the venue does not document it, this one says "going away"."""
MAX_MESSAGE: Final = 64 * 1024


class Connection:
    """A websocket to a client."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        self._ws = web.WebSocketResponse(autoping=False, max_msg_size=MAX_MESSAGE)
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._opened = self._heard = time.monotonic()
        self._held_back: list[str] = []
        self._helpers: set[asyncio.Task[None]] = set()
        self.is_stalled = False

    async def run(self, on_text: Callable[[str], None]) -> web.WebSocketResponse:
        """Serves the connection until it ends."""
        await self._ws.prepare(self._request)
        self.start(self._write())
        self.start(self._ping())
        try:
            await self._read(on_text)
        finally:
            for helper in self._helpers:
                helper.cancel()
            await asyncio.gather(*self._helpers, return_exceptions=True)
        return self._ws

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Runs something that ends with the connection at the latest."""
        task = asyncio.get_running_loop().create_task(work)
        self._helpers.add(task)
        task.add_done_callback(self._helpers.discard)

    def send(self, text: str) -> None:
        """Sends a frame after those sent before, and releases what was held back for it."""
        self._outbox.put_nowait(text)
        while self._held_back:
            self._outbox.put_nowait(self._held_back.pop(0))

    def send_after_next(self, text: str) -> None:
        """Holds a frame back until another one has been sent."""
        self._held_back.append(text)

    def send_later(self, text: str, seconds: float) -> None:
        """Sends a frame after a while; others may overtake it."""

        async def later() -> None:
            await asyncio.sleep(seconds)
            self.send(text)

        self.start(later())

    def stall(self) -> None:
        """Half-open from now on: nothing goes out, nothing is read, pings stay unanswered."""
        self.is_stalled = True
        if self._request.transport is not None and isinstance(self._request.transport, asyncio.ReadTransport):
            self._request.transport.pause_reading()

    def reset(self) -> None:
        """Ends the connection with a TCP reset."""
        end_connection(self._request, reset=True)

    def close(self, code: int) -> None:
        """Ends the connection with a close frame."""

        async def closing() -> None:
            await self._ws.close(code=code)

        task = asyncio.get_running_loop().create_task(closing())
        task.add_done_callback(_forget)

    def expire(self) -> None:
        """Ends the connection as the venue does with one that is too old."""
        self.close(EXPIRED_CODE)

    async def _read(self, on_text: Callable[[str], None]) -> None:
        async for message in self._ws:
            self._heard = time.monotonic()
            if self.is_stalled:
                continue
            if message.type is WSMsgType.TEXT:
                on_text(message.data)
            elif message.type is WSMsgType.PING:
                await self._ws.pong(message.data)

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                text = await self._outbox.get()
                if not self.is_stalled:
                    await self._ws.send_str(text)

    async def _ping(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await asyncio.sleep(PING_EVERY_S)
                if self.is_stalled:
                    continue
                if time.monotonic() - self._heard > DROP_AFTER_S:
                    self.close(1008)
                    return
                if time.monotonic() - self._opened > LIVES_S:
                    self.expire()
                    return
                await self._ws.ping()


def _forget(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()
