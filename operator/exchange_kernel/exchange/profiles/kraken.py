"""Kraken spot: no request expiry, rising nonces, errors in answers with status 200, and acknowledgements without fills.

**One attempt ever.** A signed request does not expire: it carries a nonce, not a time. AddOrder's `deadline` ("RFC3339
timestamp after which the matching engine should reject the new order request, in presence of latency or order queueing,
min now() + 2 seconds, max now() + 60 seconds" [R]) is not used as one, for three reasons: the error that belongs to
it says "timed out according to the default or specified deadline" and not that no order was made [E]; nothing is said
of a request that is held up in front of the engine; and the venue tells its clock in whole seconds. So an outcome that
is not proven stays Unknown until the order is found or a human decides.

**Looking up.** OpenOrders and ClosedOrders filter by `cl_ord_id`; QueryOrders does not without an id of the venue's,
and ccxt's fetch_order would send the id as `userref` [C]. Open orders are asked first: an order that ends between the
two is then in the second answer.

Sources: [R] docs.kraken.com, Spot REST; [E] its guide "Spot Error Messages"; [L] its guide "Spot REST Rate Limits"; [C]
ccxt 4.5.90.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

from exchange_kernel.core.requests import AmendRequest, OrderRequest
from exchange_kernel.core.venue import Balance, Trade, VenueOrder
from exchange_kernel.core.venue_rules import Market, VenueRules
from exchange_kernel.exchange.port import AccountIdentity
from exchange_kernel.exchange.profiles import kraken_answers as answers
from exchange_kernel.exchange.profiles import kraken_history as lists
from exchange_kernel.exchange.profiles import kraken_orders as orders
from exchange_kernel.exchange.profiles.acknowledged import acknowledged
from exchange_kernel.exchange.profiles.base import VenueProfile
from exchange_kernel.exchange.profiles.canonical import is_canonical, number, object_in
from exchange_kernel.exchange.profiles.kraken_codes import ACCOUNT_LIMITS, CODES, code_of
from exchange_kernel.exchange.profiles.parts import Ask, Call, CodeRow, History, LimitScope, OrderKey, Row, Weights

_NO_ERROR = '{"error":[]'


class KrakenSpot(VenueProfile):
    """What is traded is listed in `kraken_orders`."""

    name: ClassVar[str] = "kraken"
    ccxt_id: ClassVar[str] = "kraken"
    rules: ClassVar[VenueRules] = VenueRules(
        name="kraken",
        supported=orders.SUPPORTED,
        quote_market_buy=True,
        request_expiry=None,
        settle_margin=15.0,
        amends=orders.AMENDS,
        trailing_offsets=frozenset({"Amount", "Percent"}),
    )
    codes: ClassVar[Sequence[CodeRow]] = CODES
    account_limit_codes: ClassVar[frozenset[str]] = ACCOUNT_LIMITS
    # [L] the account's call counter: at most 15, falling by 0.33 per second (the lowest tier); most calls add 1, the
    # histories 2. Orders, amends and cancels do not count here, and public calls not per account.
    weights: ClassVar[Weights] = Weights(
        per_minute=15,
        window=45.0,
        scope=LimitScope.ACCOUNT,
        costs=MappingProxyType(
            {
                "load_markets": 0,
                "read_clock": 0,
                "reference_price": 0,
                "create_order": 0,
                "amend_order": 0,
                "cancel_order": 0,
                "look_up": 2,  # open and closed
                "fetch_trades": 2,  # the order, and its trades
                "prove_absence": 8,  # open, closed, and pages of orders and trades
            }
        ),
    )
    unchecked_parameters: ClassVar[frozenset[str]] = frozenset({"nonce"})
    signs_with_time: ClassVar[bool] = False
    rising_nonce: ClassVar[bool] = True
    errors_inside_answers: ClassVar[bool] = True

    # --- connection ---------------------------------------------------------------------------------------------

    def settings(self) -> Mapping[str, Any]:
        """No retries and no clock of ccxt's own."""
        return {"options": {"adjustForTimeDifference": False, "maxRetriesOnFailure": 0}}

    def api_urls(self, own: Mapping[str, Any], endpoint: str) -> Mapping[str, Any]:
        """The two sections of the trading API, at one address."""
        if endpoint:
            return dict.fromkeys(("public", "private"), endpoint.rstrip("/"))
        return {section: own[section] for section in ("public", "private")}

    # --- ids ----------------------------------------------------------------------------------------------------

    # [R] `cl_ord_id`: a UUID with or without hyphens, or at most 18 characters: ours is one without.

    def decode(self, wire_id: str) -> str | None:
        """The same without hyphens, for ids that can be ours."""
        plain_id = wire_id.replace("-", "").lower()
        return plain_id if is_canonical(plain_id) else None

    def market_names(self, market: Mapping[str, Any]) -> Sequence[str]:
        """Orders name a pair by its altname (XBTUSD), trades by its id (XXBTZUSD) [R]."""
        return (market["id"], market["info"]["altname"], market["info"]["wsname"])

    # --- writes -------------------------------------------------------------------------------------------------

    def create(self, request: OrderRequest, market_id: str) -> Call:
        """AddOrder with exactly these parameters."""
        params = {
            "pair": market_id,
            "type": {"Buy": "buy", "Sell": "sell"}[request.side],
            "cl_ord_id": self.encode(request.client_order_id),
            **orders.parameters(request),
        }
        return Call("privatePostAddOrder", (params,), expected=params)

    def created(self, raw: Any, request: OrderRequest, market_id: str) -> VenueOrder:  # noqa: ANN401 - the venue's JSON
        """One txid; fills are not told. The rest is the request's, whose wire form was compared before it went out."""
        del market_id
        result = raw["result"]
        (txid,) = result["txid"]
        echoed = self.decode(str(result.get("cl_ord_id", request.client_order_id)))
        if not txid or not isinstance(txid, str) or echoed != request.client_order_id:
            raise ValueError("the answer acknowledges no order, or another one")
        return acknowledged(request, txid, request.client_order_id)

    def amend(self, request: AmendRequest, market_id: str) -> Call:
        """AmendOrder by txid; both ids stay [R]."""
        del market_id
        params = {"txid": request.exchange_order_id, **orders.amend_parameters(request)}
        return Call("privatePostAmendOrder", (params,), expected=params)

    def amended(self, raw: Any, request: AmendRequest, market_id: str) -> None:  # noqa: ANN401 - the venue's JSON
        """Only an `amend_id`."""
        del request, market_id
        if not isinstance(raw["result"]["amend_id"], str) or not raw["result"]["amend_id"]:
            raise ValueError("the answer acknowledges no change")

    # --- questions ----------------------------------------------------------------------------------------------

    async def cancel(self, ask: Ask, key: OrderKey) -> bool:
        """CancelOrder by txid, else by cl_ord_id; `count` says how many it found."""
        by_client_id = {"cl_ord_id": self.encode(key.client_order_id)} if key.exchange_order_id is None else None
        result = await lists.result(ask, "privatePostCancelOrder", by_client_id or {"txid": key.exchange_order_id})
        return result is not None and int(result["count"]) > 0

    async def find_by_client_id(self, ask: Ask, key: OrderKey) -> Row | None:
        """OpenOrders, then ClosedOrders."""
        return await lists.by_client_id(ask, self.encode(key.client_order_id))

    async def find_by_id(self, ask: Ask, key: OrderKey) -> Row | None:
        """QueryOrders."""
        return await lists.by_txid(ask, str(key.exchange_order_id))

    async def open_orders(self, ask: Ask) -> AsyncIterator[Row]:
        """OpenOrders: all in one answer, untriggered ones included [R]."""
        for row in await lists.rows(ask, "privatePostOpenOrders", {"trades": "true"}, "open"):
            yield await lists.with_fills(ask, row)

    async def trades(self, ask: Ask, key: OrderKey) -> tuple[Trade, ...]:
        """QueryOrders names the trades, QueryTrades tells them."""
        found = await lists.by_txid(ask, str(key.exchange_order_id))
        return () if found is None else answers.trades(await lists.trades_of(ask, found), key.symbol)

    async def identify(self, ask: Ask) -> AccountIdentity:
        """The venue does not tell who we are; BalanceEx shows that the key may read, only trading that it may trade."""
        await lists.result(ask, "privatePostBalanceEx", {})
        return AccountIdentity(venue_account_id="", can_trade=True)

    async def balances(self, ask: Ask) -> tuple[Balance, ...]:
        """BalanceEx."""
        return tuple(answers.balances(await lists.result(ask, "privatePostBalanceEx", {})))

    async def clock_ms(self, ask: Ask) -> int:
        """Time, in whole seconds."""
        return int((await lists.result(ask, "publicGetTime", {}))["unixtime"]) * 1000

    async def last_price(self, ask: Ask, market_id: str) -> Decimal:
        """`c` of Ticker: the last trade's price and volume."""
        found = await lists.result(ask, "publicGetTicker", {"pair": market_id})
        (ticker,) = found.values()
        return number(ticker["c"][0])

    def orders_in_doubt(self, ask: Ask, history: History) -> AsyncIterator[Row]:
        """See `kraken_history`; never believed as a proof, because requests do not expire."""
        return lists.orders_in_doubt(ask, history)

    # --- answers ------------------------------------------------------------------------------------------------

    def error_of(self, body: str) -> tuple[str, str]:
        """`{"error": ["EOrder:Insufficient funds"]}`; what begins with a W is a warning [R]."""
        if body.startswith(_NO_ERROR):
            return "", ""
        texts = object_in(body).get("error")
        errors = [text for text in texts if str(text).startswith("E")] if isinstance(texts, list) else []
        return (code_of(str(errors[0])), str(errors[0])) if errors else ("", "")

    def read_order(self, raw: Row, symbol: str) -> VenueOrder:
        """A row with its txid."""
        return answers.order(raw, symbol)

    def market_id_of(self, raw: Row) -> str:
        """The pair's altname."""
        return str(raw["descr"]["pair"])

    def placed_at_ms(self, raw: Row) -> int | None:
        """`opentm`."""
        return int(answers.moment(raw["opentm"]).timestamp() * 1000)

    def read_market(self, market: Mapping[str, Any]) -> Market | None:
        """AssetPairs as ccxt parses it; synthetic pairs have no symbol of their own [C]."""
        return answers.market(market) if market["spot"] and "/" in market["symbol"] else None
