"""The order stream of one account through ccxt.pro: what arrives becomes hints, whatever goes wrong ends it.

Each stream has a ccxt instance and an HTTP session of its own, thrown away when it ends: an instance that has lost its
connection remembers subscriptions that nobody answers any more.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from exchange_kernel.exchange.ccxt_client import Access, Hooks, new_session, new_stream_client
from exchange_kernel.exchange.hints import Hint
from exchange_kernel.exchange.port import StreamEnded
from exchange_kernel.exchange.profiles.base import VenueProfile
from exchange_kernel.exchange.profiles.parts import Call, Handshake, Subscribed, Terminated
from exchange_kernel.exchange.scrub import Scrubber

SUBSCRIBED_WITHIN = 15.0
"""Seconds from the first byte to the acknowledged subscription."""


class CcxtStream:
    """Follows one stream, once.

    Args:
        access: Which venue, and as whom.
        hooks: The venue's clock, for the signature.
        symbol_of: ccxt's symbol of a market id.
        heard: Told of each hint.
        live: Told when the subscription is acknowledged.
    """

    def __init__(
        self,
        access: Access,
        hooks: Hooks,
        symbol_of: Callable[[str], str],
        heard: Callable[[Hint], None],
        live: Callable[[], None],
    ) -> None:
        self._access, self._hooks, self._symbol_of = access, hooks, symbol_of
        self._profile: VenueProfile = access.profile
        self._heard, self._live = heard, live
        self._scrub = Scrubber(access.credentials.values())
        self._subscribed = asyncio.Event()
        self._terminated: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def follow(self, call: Call) -> None:
        """Subscribe, and listen until the stream ends. Raises StreamEnded, always."""
        client = new_stream_client(self._access, self._hooks, self._told)
        session = client.session = new_session()
        watching = asyncio.ensure_future(getattr(client, call.method)(*call.args))
        try:
            raise StreamEnded(await self._until_end(watching))
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await watching
            await client.close()
            await session.close()

    async def _until_end(self, watching: "asyncio.Future[Any]") -> str:
        starting = asyncio.ensure_future(self._subscribed.wait())
        ends: set[asyncio.Future[Any]] = {watching, self._terminated}
        try:
            await asyncio.wait({*ends, starting}, timeout=SUBSCRIBED_WITHIN, return_when=asyncio.FIRST_COMPLETED)
            if not (self._subscribed.is_set() or watching.done() or self._terminated.done()):
                return f"the venue has not answered the subscription within {SUBSCRIBED_WITHIN:g} s"
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            starting.cancel()
        if self._terminated.done():
            return self._terminated.result()
        error = watching.exception()
        # ccxt's messages may hold addresses that contain a key; the class says enough.
        return "the connection is lost" if error is None else f"the connection is lost ({type(error).__name__})"

    def _told(self, message: Any) -> bool:  # noqa: ANN401 - the venue's JSON
        """A message has arrived; whether ccxt shall see it. One that cannot be read ends the stream."""
        signal = self._profile.read_stream(message)
        match signal:
            case Hint():
                self._heard(self._canonical(signal))
            case Subscribed():
                self._subscribed.set()
                self._live()
            case Terminated(why):
                if not self._terminated.done():
                    self._terminated.set_result(self._scrub(why))
        return isinstance(signal, Subscribed | Handshake)

    def _canonical(self, hint: Hint) -> Hint:
        ours = self._profile.decode(hint.client_order_id)
        return replace(hint, symbol=self._symbol_of(hint.symbol), client_order_id=ours or hint.client_order_id)
