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

    async def ask(self, method: str, **params: str) -> Any:  # noqa: ANN401 - the venue's JSON
        """The answer to a signed request by message; events that come before it are passed over."""
        key = self._venue.keys["default"]
        sent: dict[str, Any] = {"apiKey": key.key, "timestamp": self._venue.venue.now_ms(), **params}
        sent["signature"] = auth.signature_of(key.secret, auth.wsapi_payload(sent))
        await self._socket.send_str(orjson.dumps({"id": method, "method": method, "params": sent}).decode())
        while (answer := await self._socket.receive_json(timeout=PATIENCE_S)).get("id") != method:
            pass
        return answer

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
    async with aiohttp.ClientSession() as session, session.ws_connect(venue.ws_url) as socket:
        stream = Stream(venue, socket)
        assert (await stream.ask("userDataStream.subscribe.signature"))["status"] == 200
        yield stream
