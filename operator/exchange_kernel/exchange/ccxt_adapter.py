"""A venue through ccxt: runs the calls that the profile names, and turns answers and errors into values.

Nothing of ccxt passes this module: no error (they carry signed URLs), no float, no order structure (`safe_order`
invents `filled`, `cost` and `remaining` where the venue was silent).
"""

import logging
from collections.abc import Callable

from exchange_kernel.core.outcomes import (
    Amended,
    AmendNotSent,
    AmendOutcome,
    AmendRefused,
    AmendUnknown,
    CancelOutcome,
    CreateOutcome,
    NotPlaced,
    OutcomeUnknown,
    Placed,
    Refused,
)
from exchange_kernel.core.requests import AmendRequest, ListRequest, OrderRequest
from exchange_kernel.exchange.ccxt_caller import UNREADABLE
from exchange_kernel.exchange.ccxt_client import Hooks
from exchange_kernel.exchange.ccxt_reads import CcxtReads
from exchange_kernel.exchange.ccxt_stream import CcxtStream
from exchange_kernel.exchange.classify import classify_amend, classify_cancel, classify_create
from exchange_kernel.exchange.hints import Hint
from exchange_kernel.exchange.port import (
    ExchangeError,
    ListOutcome,
    SendGate,
    StreamEnded,
    of_each,
)

_LOG = logging.getLogger(__name__)


class CcxtExchange(CcxtReads):
    """One account at one venue, through ccxt. Implements `Exchange`; see there for the contract.

    Args:
        access: Which venue, and as whom.
        clocks: Wall and monotonic clock.
        report: Told of every answer's status, weight and pause.
    """

    async def close(self) -> None:
        """Close connections. Idempotent."""
        await self._caller.close()

    # --- the stream ---------------------------------------------------------------------------------------------

    @property
    def streams(self) -> bool:
        """Whether the profile has a stream."""
        return self._profile.stream is not None

    async def listen(self, heard: Callable[[Hint], None], live: Callable[[], None]) -> None:
        """Follow the order stream until it ends."""
        if self._profile.stream is None:
            raise StreamEnded(f"{self._profile.name} has no order stream in this version")
        if not self._symbols:
            await self.load_markets()
        await self._caller.settle_clock()
        hooks = Hooks(answered=lambda *_: None, venue_ms=self._caller.venue_ms)
        stream = CcxtStream(self._access, hooks, lambda name: self._symbols.get(name, name), heard, live)
        await stream.follow(self._profile.stream)

    # --- orders -------------------------------------------------------------------------------------------------

    async def create_order(self, request: OrderRequest, gate: SendGate) -> CreateOutcome:
        """Send one order, once."""
        try:
            market_id = await self._market_id(request.symbol)
            call = self._profile.create(request, market_id)
            await self._caller.settle_clock()
        except ExchangeError as error:
            return NotPlaced("NotSent", f"nothing was sent: {error}")
        except ValueError as error:
            return Refused("InvalidRequest", f"the request cannot be sent: {error}")
        answer = await self._caller.ask(call, gate)
        if answer.failed is not None:
            return classify_create(answer.failed)
        return self._placed(answer.raw, request, market_id)

    def _placed(self, raw: object, request: OrderRequest, market_id: str) -> CreateOutcome:
        """An acknowledgement counts only if it names the venue's order id and is about our order."""
        try:
            order = self._ours(self._profile.created(raw, request, market_id))
        except UNREADABLE:
            return OutcomeUnknown("the venue's answer acknowledges no order, or another; it may or may not have it")
        if (order.client_order_id, order.symbol) != (request.client_order_id, request.symbol):
            return OutcomeUnknown("the venue's answer names another order than the one that was sent")
        return Placed(order)

    async def create_list(self, request: ListRequest, gate: SendGate) -> ListOutcome:
        """Send a list in one request, once; what is proven of the request is proven of each order."""
        return of_each(request, await self._send_list(request, gate))

    async def _send_list(self, request: ListRequest, gate: SendGate) -> CreateOutcome | ListOutcome:
        try:
            market_id = await self._market_id(request.stop.symbol)
            call = self._profile.create_list(request, market_id)
            await self._caller.settle_clock()
        except ExchangeError as error:
            return NotPlaced("NotSent", f"nothing was sent: {error}")
        except ValueError as error:
            return Refused("InvalidRequest", f"the request cannot be sent: {error}")
        answer = await self._caller.ask(call, gate)
        if answer.failed is not None:
            return classify_create(answer.failed)
        try:
            orders = [self._ours(order) for order in self._profile.list_created(answer.raw, request, market_id)]
        except UNREADABLE:
            return OutcomeUnknown("the venue's answer acknowledges no list, or another; it may have it or not")
        sent = [(order.client_order_id, order.symbol) for order in request.orders]
        if [(order.client_order_id, order.symbol) for order in orders] != sent:
            return OutcomeUnknown("the venue's answer names other orders than those that were sent")
        return tuple(Placed(order) for order in orders)

    async def amend_order(self, request: AmendRequest, gate: SendGate) -> AmendOutcome:
        """Change one working order in place, once."""
        try:
            market_id = await self._market_id(request.symbol)
            call = self._profile.amend(request, market_id)
            await self._caller.settle_clock()
        except ExchangeError as error:
            return AmendNotSent("NotSent", f"nothing was sent: {error}")
        except ValueError as error:
            return AmendRefused("InvalidRequest", f"the change cannot be sent: {error}")
        answer = await self._caller.ask(call, gate)
        if answer.failed is not None:
            return classify_amend(answer.failed)
        try:
            order = self._profile.amended(answer.raw, request, market_id)
        except UNREADABLE:
            return AmendUnknown("the venue's answer acknowledges no change; it may or may not have made it")
        return Amended(None if order is None else self._ours(order))

    async def cancel_order(self, symbol: str, exchange_order_id: str | None, client_order_id: str) -> CancelOutcome:
        """Ask for a cancel. aiohttp may send it twice over a dead connection; the second answer is then NOT_FOUND."""
        try:
            key = await self._key(symbol, client_order_id, exchange_order_id)
            found = await self._caller.parsed(self._profile.cancel(self._caller.asked, key))
        except ExchangeError as error:
            return classify_cancel(error)
        return CancelOutcome.ACCEPTED if found else CancelOutcome.NOT_FOUND
