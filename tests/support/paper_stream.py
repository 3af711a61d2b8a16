"""A user data stream of the local venue, and the events that a command leads to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from paper_exchange.binance import auth
from paper_exchange.commands import Command
from paper_exchange.server import PaperExchange

PATIENCE_S = 10


class Stream:
    """A user data stream, and commands that are given to the venue beside it."""

    def __init__(self, venue: PaperExchange, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._venue = venue
        self._socket = socket

    async def after(self, command: Command, count: int) -> list[dict[str, Any]]:
        """The events of a command, and a proof that there are no more of them."""
        self._venue.venue.submit(command)
        await self._socket.send_str('{"id": "marker", "method": "ping"}')
        found = [(await self._socket.receive_json(timeout=PATIENCE_S)) for _ in range(count + 1)]
        assert found[-1]["id"] == "marker", found
        return [event["event"] for event in found[:-1]]


@asynccontextmanager
async def user_stream(venue: PaperExchange) -> AsyncIterator[Stream]:
    """The stream of the default account."""
    key = venue.keys["default"]
    sent: dict[str, Any] = {"apiKey": key.key, "timestamp": venue.venue.now_ms()}
    sent["signature"] = auth.signature_of(key.secret, auth.wsapi_payload(sent))
    message = {"id": "1", "method": "userDataStream.subscribe.signature", "params": sent}
    async with aiohttp.ClientSession() as session, session.ws_connect(venue.ws_url) as socket:
        await socket.send_str(orjson.dumps(message).decode())
        assert (await socket.receive_json(timeout=PATIENCE_S))["status"] == 200
        yield Stream(venue, socket)
