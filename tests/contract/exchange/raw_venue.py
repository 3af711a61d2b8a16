"""A venue on a loopback socket that answers each request with exactly the bytes that a test wrote."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl

EXCHANGE_INFO = json.dumps(
    {
        "timezone": "UTC",
        "serverTime": 1700000000000,
        "rateLimits": [],
        "exchangeFilters": [],
        "symbols": [
            {
                "symbol": "BTCUSDT",
                "status": "TRADING",
                "baseAsset": "BTC",
                "baseAssetPrecision": 8,
                "quoteAsset": "USDT",
                "quotePrecision": 8,
                "quoteAssetPrecision": 8,
                "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
                "permissions": [],
                "filters": [
                    {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
                    {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
                    {"filterType": "NOTIONAL", "minNotional": "5", "maxNotional": "9000000"},
                ],
            }
        ],
    }
)

BINANCE = {"/exchangeInfo": EXCHANGE_INFO, "/time": '{"serverTime":1700000000000}'}


@dataclass(frozen=True)
class Received:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    params: dict[str, str]
    body: str = ""


@dataclass(frozen=True)
class Reply:
    """Bytes to answer with; then the connection ends."""

    raw: bytes
    reset: bool = False
    after: asyncio.Event | None = None


def http(status: int, body: str, *, headers: dict[str, str] | None = None, length: int | None = None) -> Reply:
    """A well-formed answer, with a wrong Content-Length where one is given."""
    lines = [
        f"HTTP/1.1 {status} Whatever",
        "Content-Type: application/json;charset=UTF-8",
        f"Content-Length: {len(body.encode()) if length is None else length}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    return Reply(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


def error(status: int, code: int, message: str, **headers: str) -> Reply:
    """An answer in the venue's own form of error."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return http(status, json.dumps({"code": code, "msg": message}), headers=named)


RESET = Reply(b"", reset=True)
CLOSED = Reply(b"")


class RawVenue:
    """Everything is answered from `replies`, in order, and then from `served`, by the end of the path.

    Args:
        served: Bodies by the ends of paths; exchangeInfo and time of Binance unless told otherwise.
    """

    def __init__(self, served: Mapping[str, str] | None = None) -> None:
        self._served = BINANCE if served is None else served
        self.received: list[Received] = []
        self.replies: defaultdict[tuple[str, str], deque[Reply]] = defaultdict(deque)
        self.arrivals: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.silent = False
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def answer(self, method: str, path: str, *replies: Reply) -> None:
        """Queue answers to requests for `/api/v3/<path>`."""
        self.replies[method, f"/api/v3/{path}"].extend(replies)

    def answer_at(self, method: str, path: str, *replies: Reply) -> None:
        """Queue answers to requests for a whole path."""
        self.replies[method, path].extend(replies)

    def count(self, method: str, path: str) -> int:
        """How many of these requests arrived."""
        return sum((r.method, r.path) == (method, f"/api/v3/{path}") for r in self.received)

    def last(self, method: str, path: str) -> Received:
        """The latest of these requests."""
        return next(r for r in reversed(self.received) if (r.method, r.path) == (method, f"/api/v3/{path}"))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read(reader)
        self.received.append(request)
        self.arrivals[request.path].set()
        reply = self._reply(request)
        if reply is None:
            await asyncio.Event().wait()
            return
        if reply.after is not None:
            await reply.after.wait()
        if reply.reset:
            writer.transport.abort()
            return
        writer.write(reply.raw)
        await writer.drain()

    def _reply(self, request: Received) -> Reply | None:
        queued = self.replies[request.method, request.path]
        if queued:
            return queued.popleft()
        body = next((body for end, body in self._served.items() if request.path.endswith(end)), None)
        if body is not None:
            return http(200, body)
        return None if self.silent else http(404, "")


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
    body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
    path, _, query = target.partition("?")
    return Received(method, path, headers, dict(parse_qsl(f"{query}&{body}")), body)
