"""A venue through ccxt: runs the calls that the profile names, and turns answers and errors into values.

Nothing of ccxt passes this module: no error (they carry signed URLs), no float, no order structure (`safe_order`
invents `filled`, `cost` and `remaining` where the venue was silent).
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from exchange_kernel.core.venue import (
    Absent,
    Balance,
    CancelOutcome,
    CreateOutcome,
    Found,
    Market,
    NotPlaced,
    OpenOrders,
    OrderRequest,
    OutcomeUnknown,
    Placed,
    Refused,
    Trade,
    VenueOrder,
    VenueRules,
)
from exchange_kernel.exchange.budget import AnswerSeen
from exchange_kernel.exchange.ccxt_client import Hooks, new_client, new_session
from exchange_kernel.exchange.classify import Facts, classify_cancel, classify_create, classify_read
from exchange_kernel.exchange.port import AccountIdentity, ClockReading, ExchangeError, ReadError, SendGate
from exchange_kernel.exchange.profiles.base import Call, History, Proof, VenueProfile
from exchange_kernel.exchange.profiles.canonical import rows_of
from exchange_kernel.exchange.scrub import Scrubber
from exchange_kernel.exchange.venue_clock import Clocks, Sample
from exchange_kernel.exchange.wire import CURRENT, GateRefused, WireCall, WireMismatch

_T = TypeVar("_T")
_LOG = logging.getLogger(__name__)

# What a reader raises for an answer that is not what it should be.
_UNREADABLE = (KeyError, TypeError, ValueError, ArithmeticError, AttributeError)
# The receipt's time is told by the clock of whoever wrote it; an order of ours must not be missed for a skewed clock.
_SINCE_MARGIN_MS = 10 * 60 * 1000
# Rows of a bulk answer that are read before other tasks get their turn (about 1 ms).
_CHUNK = 50
_CLOCK_TRIES, _GOOD_ROUND_TRIP = 3, 0.5


@dataclass(frozen=True, slots=True)
class _Answer:
    """A raw answer, or the facts of the failure."""

    raw: Any = None
    failed: Facts | None = None


class CcxtExchange:
    """One account at one venue, through ccxt. Implements `Exchange`; see there for the contract.

    Args:
        profile: The venue.
        credentials: ccxt's names: apiKey, secret, password.
        endpoint: Base URL in place of the venue's own; empty for the venue's own.
        sandbox: The venue's own test network.
        clocks: Wall and monotonic clock.
        report: Told of every answer's status, weight and pause.
    """

    def __init__(
        self,
        profile: VenueProfile,
        credentials: Mapping[str, str],
        endpoint: str,
        *,
        sandbox: bool,
        clocks: Clocks,
        report: Callable[[AnswerSeen], None],
    ) -> None:
        self._profile, self._clocks, self._report = profile, clocks, report
        self._scrub = Scrubber(credentials.values())
        hooks = Hooks(answered=self._answered, venue_ms=self._venue_ms)
        self._client: Any = new_client(profile, credentials, endpoint, sandbox=sandbox, hooks=hooks)
        self._fingerprint = hashlib.sha256(
            f"{self._client.urls['api'].get('private')}\n{credentials['apiKey']}".encode()
        ).hexdigest()[:32]
        self._market_ids: dict[str, str] = {}
        self._symbols: dict[str, str] = {}
        self._clock: Sample | None = None
        self._clock_in_doubt = False
        self._session: Any = None

    @property
    def rules(self) -> VenueRules:
        """What the venue profile guarantees."""
        return self._profile.rules

    async def close(self) -> None:
        """Close connections. Idempotent."""
        session, self._session = self._session, None
        await self._client.close()
        if session is not None:
            await session.close()

    # --- market, account, clock ---------------------------------------------------------------------------------

    async def load_markets(self) -> Mapping[str, Market]:
        """Read all markets."""
        loaded = await self._read(Call("load_markets", (True,)))
        markets: dict[str, Market] = {}
        for symbol, raw in loaded.items():
            market = self._market(raw)
            if market is not None:
                markets[symbol] = market
                self._market_ids[symbol] = raw["id"]
                self._symbols[raw["id"]] = symbol
        return markets

    def _market(self, raw: Mapping[str, Any]) -> Market | None:
        try:
            return self._profile.read_market(raw)
        except _UNREADABLE as error:
            _LOG.warning("market %s is left out, its rules cannot be read: %r", raw.get("symbol"), error)
            return None

    async def _market_id(self, symbol: str) -> str:
        if not self._market_ids:
            await self.load_markets()
        if symbol not in self._market_ids:
            raise ReadError(f"{self._profile.name} has no market {symbol}")
        return self._market_ids[symbol]

    async def identify(self) -> AccountIdentity:
        """Ask the venue who we are."""
        identity = await self._parsed(self._profile.account(), self._profile.read_identity)
        return identity if identity.venue_account_id else replace(identity, venue_account_id=self._fingerprint)

    async def fetch_balances(self) -> tuple[Balance, ...]:
        """All assets with a total above zero."""
        return await self._parsed(self._profile.account(), self._profile.read_balances)

    async def reference_price(self, symbol: str) -> Decimal:
        """The last trade's price."""
        market_id = await self._market_id(symbol)
        return await self._parsed(self._profile.last_price(market_id), self._profile.read_price)

    async def read_clock(self) -> ClockReading:
        """Compare the clocks; a slow reading is repeated, and the best one kept."""
        samples = []
        for _ in range(_CLOCK_TRIES):
            samples.append(await self._sample())
            if samples[-1].round_trip < _GOOD_ROUND_TRIP:
                break
        self._clock = min(samples, key=lambda sample: sample.round_trip)
        self._clock_in_doubt = False
        return self._clock.reading()

    async def _sample(self) -> Sample:
        sent = self._clocks.monotonic()
        venue_ms = await self._parsed(self._profile.clock(), self._profile.read_clock_ms)
        return Sample(venue_ms, sent, self._clocks.monotonic(), self._clocks.wall())

    def _venue_ms(self) -> int | None:
        return None if self._clock is None else self._clock.venue_ms_at(self._clocks.monotonic())

    async def _settle_clock(self) -> None:
        """After the venue refused a time stamp: read its clock before the next request is signed."""
        if self._clock_in_doubt:
            self._clock_in_doubt = False
            with suppress(ExchangeError):
                await self.read_clock()

    # --- orders -------------------------------------------------------------------------------------------------

    async def create_order(self, request: OrderRequest, gate: SendGate) -> CreateOutcome:
        """Send one order, once."""
        try:
            market_id = await self._market_id(request.symbol)
            call = self._profile.create(request, market_id)
            await self._settle_clock()
        except ExchangeError as error:
            return NotPlaced("NotSent", f"nothing was sent: {error}")
        except ValueError as error:
            return Refused("InvalidRequest", f"the request cannot be sent: {error}")
        answer = await self._ask(call, gate)
        if answer.failed is not None:
            return classify_create(answer.failed)
        return self._placed(answer.raw, request)

    def _placed(self, raw: object, request: OrderRequest) -> CreateOutcome:
        """An acknowledgement counts only if it names the venue's order id and our own."""
        try:
            order = self._order(raw)
        except _UNREADABLE:
            return OutcomeUnknown("the venue's answer to the order names no order; it may or may not have it")
        if (order.client_order_id, order.symbol) != (request.client_order_id, request.symbol):
            return OutcomeUnknown("the venue's answer names another order than the one that was sent")
        return Placed(order)

    async def cancel_order(self, symbol: str, exchange_order_id: str | None, client_order_id: str) -> CancelOutcome:
        """Ask for a cancel. aiohttp may send it twice over a dead connection; the second answer is then NOT_FOUND."""
        try:
            market_id = await self._market_id(symbol)
            await self._settle_clock()
        except ReadError:
            return CancelOutcome.UNKNOWN
        answer = await self._ask(self._profile.cancel(market_id, exchange_order_id, client_order_id))
        if answer.failed is not None:
            return classify_cancel(answer.failed)
        try:
            self._order(answer.raw)
        except _UNREADABLE:
            return CancelOutcome.UNKNOWN
        return CancelOutcome.ACCEPTED

    async def look_up(self, symbol: str, client_order_id: str) -> Found | Absent:
        """Quick look-up by client order id."""
        market_id = await self._market_id(symbol)
        started_at = self._clocks.monotonic()
        order = await self._single(self._profile.order_by_client_id(market_id, client_order_id))
        if order is None:
            return Absent(started_at=started_at, complete=False)
        if order.client_order_id != client_order_id:
            raise ReadError("the venue's answer names another order than the one that was asked for")
        return Found(order)

    async def fetch_order(self, symbol: str, exchange_order_id: str) -> VenueOrder | None:
        """Read one order by the venue's id."""
        market_id = await self._market_id(symbol)
        order = await self._single(self._profile.order_by_id(market_id, exchange_order_id))
        if order is not None and order.exchange_order_id != exchange_order_id:
            raise ReadError("the venue's answer names another order than the one that was asked for")
        return order

    async def prove_absence(self, symbol: str, client_order_id: str, since: datetime) -> Found | Absent:
        """Ask everything that the profile demands; times told by other clocks get a margin of ten minutes."""
        market_id = await self._market_id(symbol)
        started_at = self._clocks.monotonic()
        since_ms = int(since.timestamp() * 1000) - _SINCE_MARGIN_MS
        now_ms = self._venue_ms() or int(self._clocks.wall() * 1000)
        history = History(market_id, self._profile.encode(client_order_id), since_ms, now_ms)
        try:
            async with aclosing(self._profile.orders_in_doubt(self._asked, history)) as rows:  # type: ignore[type-var]
                async for raw in rows:
                    order, placed_at = self._order(raw), self._profile.placed_at_ms(raw)
                    if order.client_order_id == client_order_id and (placed_at is None or placed_at >= since_ms):
                        return Found(order)
        except _UNREADABLE as error:
            raise _unreadable(error) from None
        return Absent(started_at=started_at, complete=True)

    async def fetch_open_orders(self) -> OpenOrders:
        """All open orders in one read; other tasks get their turn while a long answer is read."""
        if not self._market_ids:
            await self.load_markets()
        started_at = self._clocks.monotonic()
        rows = await self._parsed(self._profile.open_orders(), rows_of)
        orders: list[VenueOrder] = []
        for start in range(0, len(rows), _CHUNK):
            try:
                orders += [self._order(row) for row in rows[start : start + _CHUNK]]
            except _UNREADABLE as error:
                raise _unreadable(error) from None
            await asyncio.sleep(0)
        ours = {o.client_order_id: o for o in orders if self._profile.decode(o.client_order_id) is not None}
        return OpenOrders(started_at=started_at, orders=tuple(orders), by_client_id=ours)

    async def fetch_trades(self, symbol: str, exchange_order_id: str) -> tuple[Trade, ...]:
        """All fills of one order."""
        market_id = await self._market_id(symbol)
        return await self._parsed(
            self._profile.trades_of_order(market_id, exchange_order_id), self._profile.read_trades
        )

    # --- the wire -----------------------------------------------------------------------------------------------

    def _order(self, raw: object) -> VenueOrder:
        """A raw order, with our client ids in canonical form. Raises `_UNREADABLE`."""
        if not isinstance(raw, Mapping):
            raise TypeError("the answer is no order")
        market_id = self._profile.market_id_of(raw)
        order = self._profile.read_order(raw, self._symbols.get(market_id, market_id))
        canonical = self._profile.decode(order.client_order_id)
        return order if canonical in {None, order.client_order_id} else replace(order, client_order_id=canonical or "")

    async def _single(self, call: Call) -> VenueOrder | None:
        raw = await self._asked(call)
        try:
            return None if raw is None else self._order(raw)
        except _UNREADABLE as error:
            raise _unreadable(error) from None

    async def _asked(self, call: Call) -> Any:  # noqa: ANN401 - the venue's JSON
        """The raw answer; None where the venue says that it knows no such order."""
        await self._settle_clock()
        answer = await self._ask(call)
        if answer.failed is None:
            if answer.raw is None:
                raise ReadError("the venue's answer is empty")
            return answer.raw
        if answer.failed.proof is Proof.NO_SUCH_ORDER:
            return None
        raise classify_read(answer.failed)

    async def _read(self, call: Call) -> Any:  # noqa: ANN401 - the venue's JSON
        raw = await self._asked(call)
        if raw is None:
            raise ReadError("the venue does not know what was asked for")
        return raw

    async def _parsed(self, call: Call, reader: Callable[[Any], _T]) -> _T:
        raw = await self._read(call)
        try:
            return reader(raw)
        except _UNREADABLE as error:
            raise _unreadable(error) from None

    async def _ask(self, call: Call, gate: SendGate | None = None) -> _Answer:
        """Run one call. Only a cancellation of the running task gets out as an exception."""
        if self._session is None:
            self._session = self._client.session = new_session()
        wire = WireCall(gate=gate, expected=call.expected, unchecked=self._profile.unchecked_parameters)
        token = CURRENT.set(wire)
        try:
            return _Answer(raw=await getattr(self._client, call.method)(*call.args))
        except Exception as error:  # noqa: BLE001 - whatever it is, the facts of the wire say what it proves
            failed = self._facts(wire, error)
        finally:
            CURRENT.reset(token)
        self._clock_in_doubt |= failed.row is not None and failed.row.reason == "ClockSkew"
        return _Answer(failed=failed)

    def _facts(self, wire: WireCall, error: Exception) -> Facts:
        code, words = self._profile.error_of(wire.body)
        return Facts(
            started=wire.started,
            status=wire.status,
            row=self._profile.row(code, words) if code else None,
            code=code,
            message=self._scrub(words or _words_of(error, started=wire.started)),
            retry_after=_retry_after(wire.headers),
            error=tuple(kind.__name__ for kind in type(error).__mro__),
            gate=error.answer if isinstance(error, GateRefused) else None,
            mismatch=self._scrub(str(error)) if isinstance(error, WireMismatch) else None,
        )

    def _answered(self, status: int, headers: Mapping[str, str], body: str) -> None:
        """Tell the budget; a limit of this account alone must not slow the others."""
        code = self._profile.error_of(body)[0] if status >= 400 else ""
        own = code in self._profile.account_limit_codes
        self._report(AnswerSeen(status, self._profile.used_weight(headers), _retry_after(headers), account_only=own))


def _words_of(error: Exception, *, started: bool) -> str:
    """What an error may say: once signed, ccxt's messages hold the signature, so only class names are passed on."""
    cause = error.__cause__
    if not started:
        return str(cause or error)
    return type(error).__name__ + (f" ({type(cause).__name__})" if cause is not None else "")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "")
    return float(value) if value.isdigit() else None


def _unreadable(error: Exception) -> ReadError:
    """Names what was wrong with an answer, never the answer."""
    return ReadError(f"the venue's answer cannot be read ({type(error).__name__})")
