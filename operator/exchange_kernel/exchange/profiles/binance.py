"""Binance spot, and every venue that speaks its REST dialect.

Orders are sent through ccxt's generated endpoint methods, not through `create_order`: the unified method truncates a
quote quantity to the price's precision, turns a market order with a price into one by quote quantity, and drops a
trigger beside postOnly. What is sent is exactly what `create` lists.

Sources: [R] binance-spot-api-docs `rest-api.md`; [C] ccxt 4.5.90.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

from exchange_kernel.core.requests import AmendRequest, ListRequest, OrderRequest
from exchange_kernel.core.venue import Balance, Trade, VenueOrder
from exchange_kernel.core.venue_rules import Market, VenueRules
from exchange_kernel.exchange.port import AccountIdentity
from exchange_kernel.exchange.profiles import binance_answers as answers
from exchange_kernel.exchange.profiles import binance_history, binance_stream
from exchange_kernel.exchange.profiles import binance_lists as lists
from exchange_kernel.exchange.profiles import binance_orders as orders
from exchange_kernel.exchange.profiles.base import VenueProfile
from exchange_kernel.exchange.profiles.binance_codes import CODES
from exchange_kernel.exchange.profiles.canonical import number, object_in, row_of, rows_of
from exchange_kernel.exchange.profiles.parts import Ask, Call, CodeRow, History, OrderKey, Row, StreamSignal, Weights

REQUEST_EXPIRY_MS = 5000
"""recvWindow. [R] "It is recommended to use a small recvWindow of 5000 or less!"; the fence grows with it."""


class BinanceSpot(VenueProfile):
    """What is traded is listed in `binance_orders`."""

    name: ClassVar[str] = "binance"
    ccxt_id: ClassVar[str] = "binance"
    rules: ClassVar[VenueRules] = VenueRules(
        name="binance",
        supported=orders.SUPPORTED,
        quote_market_buy=True,
        request_expiry=REQUEST_EXPIRY_MS / 1000,
        # [R] the engine's time-out is 10 s (-1007); five more until the database behind allOrders shows the order.
        settle_margin=15.0,
        amends=orders.AMENDS,
        trailing_offsets=frozenset({"Percent"}),
        trailing_percent_step=orders.PERCENT_STEP,
        trailing_activation=True,
        oco=lists.OCO,
    )
    codes: ClassVar[Sequence[CodeRow]] = CODES
    account_limit_codes: ClassVar[frozenset[str]] = frozenset({"-1015"})
    # [R] request weights; 6000 per minute and address [exchangeInfo, rateLimits].
    weights: ClassVar[Weights] = Weights(
        per_minute=6000,
        costs=MappingProxyType(
            {
                "load_markets": 20,
                "identify": 20,
                "read_clock": 1,
                "fetch_balances": 20,
                "create_order": 1,
                "amend_order": 4,
                "cancel_order": 1,
                "look_up": 4,
                "prove_absence": 54,  # order 4, openOrders 6, allOrders 20, myTrades 20, orderList 4
                "fetch_order": 4,
                "fetch_open_orders": 80,
                "fetch_trades": 5,
                "reference_price": 2,
                "listen": 4,  # connection 2, subscription 2
            }
        ),
    )
    # [C] subscribes with a signature over the WS-API (userDataStream.subscribe.signature).
    stream: ClassVar[Call | None] = Call("watch_orders")
    unchecked_parameters: ClassVar[frozenset[str]] = frozenset({"timestamp", "recvWindow", "signature"})

    # --- connection ---------------------------------------------------------------------------------------------

    def settings(self) -> Mapping[str, Any]:
        """One exchangeInfo per load_markets instead of seven calls to three hosts [C]."""
        return {
            "options": {
                "defaultType": "spot",
                "recvWindow": REQUEST_EXPIRY_MS,
                "timeDifference": 0,
                "adjustForTimeDifference": False,
                "fetchMarkets": {"types": ["spot"]},
                "fetchCurrencies": False,
                "fetchMargins": False,
                "maxRetriesOnFailure": 0,
            },
        }

    def api_urls(self, own: Mapping[str, Any], endpoint: str) -> Mapping[str, Any]:
        """Only the two spot sections: sapi, fapi and dapi calls would leave for the real venue with the user's key."""
        if endpoint:
            base = endpoint.rstrip("/") + "/api/v3"
            return {"public": base, "private": base}
        return {section: own[section] for section in ("public", "private")}

    def stream_urls(self, own: Mapping[str, Any], endpoint: str) -> Mapping[str, Any]:
        """Only the WS-API of the spot section."""
        if endpoint:
            return {"ws-api": {"spot": "ws" + endpoint.rstrip("/").removeprefix("http") + "/ws-api/v3"}}
        return {"ws-api": {"spot": own["ws-api"]["spot"]}}

    def read_stream(self, message: Any) -> StreamSignal | None:  # noqa: ANN401 - the venue's JSON
        """See `binance_stream`."""
        return binance_stream.read(message)

    # [R] A client order id is `^[a-zA-Z0-9-_]{1,36}$`: the canonical form fits as it is.

    # --- calls --------------------------------------------------------------------------------------------------

    def create(self, request: OrderRequest, market_id: str) -> Call:
        """POST order with exactly these parameters."""
        params = {
            "symbol": market_id,
            "side": {"Buy": "BUY", "Sell": "SELL"}[request.side],
            "newClientOrderId": self.encode(request.client_order_id),
            "newOrderRespType": "FULL",
            **orders.parameters(request),
        }
        return Call("privatePostOrder", (params,), expected=params)

    def create_list(self, request: ListRequest, market_id: str) -> Call:
        """POST orderList/oco or otoco, just so; all ids are ours: ccxt makes up those that are missing."""
        params = {
            "symbol": market_id,
            "listClientOrderId": self.encode(request.client_order_id),
            "newOrderRespType": "FULL",
            **lists.parameters(request, self.encode),
        }
        name = "privatePostOrderListOco" if request.entry is None else "privatePostOrderListOtoco"
        return Call(name, (params,), expected=params)

    def list_created(self, raw: Any, request: ListRequest, market_id: str) -> tuple[VenueOrder, ...]:  # noqa: ANN401 - the venue's JSON
        """`orderReports` of the answer."""
        if (raw["listClientOrderId"], raw["symbol"]) != (self.encode(request.client_order_id), market_id):
            raise ValueError("the answer acknowledges another list")
        rows = (lists.report_of(raw, self.encode(order.client_order_id)) for order in request.orders)
        return tuple(self.created(row, order, market_id) for row, order in zip(rows, request.orders, strict=True))

    async def orders_of_list(self, ask: Ask, key: OrderKey) -> Sequence[str]:
        """GET orderList by `origClientOrderId`, which is the list's."""
        raw = row_of(await ask(Call("privateGetOrderList", ({"origClientOrderId": self.encode(key.client_order_id)},))))
        return () if raw is None else tuple(str(order["orderId"]) for order in raw["orders"])

    def amend(self, request: AmendRequest, market_id: str) -> Call:
        """PUT order/amend/keepPriority, which ccxt's generated methods do not have.

        The client id is sent again: "if not sent, one will be randomly generated" [R].
        """
        params = {
            "symbol": market_id,
            "orderId": request.exchange_order_id,
            "newClientOrderId": self.encode(request.client_order_id),
            **orders.amend_parameters(request),
        }
        return Call("request", ("order/amend/keepPriority", ["private"], "PUT", params), expected=params)

    def amended(self, raw: Any, request: AmendRequest, market_id: str) -> VenueOrder:  # noqa: ANN401 - the venue's JSON
        """`amendedOrder`, which names the total `qty` and the fills."""
        order = answers.amended_order(raw["amendedOrder"], request.symbol)
        expected = (request.exchange_order_id, self.encode(request.client_order_id), request.quantity, market_id)
        if (order.exchange_order_id, order.client_order_id, order.quantity, raw["amendedOrder"]["symbol"]) != expected:
            raise ValueError("the answer acknowledges another change")
        return order

    async def cancel(self, ask: Ask, key: OrderKey) -> bool:
        """DELETE order; the answer is the order."""
        raw = await ask(Call("privateDeleteOrder", (self._named(key),)))
        return raw is not None and bool(self.read_order(raw, key.symbol))

    async def find_by_client_id(self, ask: Ask, key: OrderKey) -> Row | None:
        """GET order."""
        named = {"symbol": key.market_id, "origClientOrderId": self.encode(key.client_order_id)}
        return row_of(await ask(Call("privateGetOrder", (named,))))

    async def find_by_id(self, ask: Ask, key: OrderKey) -> Row | None:
        """GET order."""
        return row_of(
            await ask(Call("privateGetOrder", ({"symbol": key.market_id, "orderId": key.exchange_order_id},)))
        )

    def _named(self, key: OrderKey) -> Mapping[str, str]:
        if key.exchange_order_id is not None:
            return {"symbol": key.market_id, "orderId": key.exchange_order_id}
        return {"symbol": key.market_id, "origClientOrderId": self.encode(key.client_order_id)}

    async def open_orders(self, ask: Ask) -> AsyncIterator[Row]:
        """GET openOrders without a symbol: all of them in one read, untriggered ones included [R]."""
        for row in rows_of(await ask(Call("privateGetOpenOrders"))):
            yield row

    async def trades(self, ask: Ask, key: OrderKey) -> tuple[Trade, ...]:
        """GET myTrades; an order with more than 1000 fills is read as far as the venue tells in one answer."""
        named = {"symbol": key.market_id, "orderId": key.exchange_order_id, "limit": 1000}
        return answers.trades(await ask(Call("privateGetMyTrades", (named,))))

    async def identify(self, ask: Ask) -> AccountIdentity:
        """`uid` and `canTrade` of GET account."""
        raw = await ask(Call("privateGetAccount"))
        return AccountIdentity(venue_account_id=str(raw.get("uid") or ""), can_trade=raw["canTrade"] is True)

    async def balances(self, ask: Ask) -> tuple[Balance, ...]:
        """`balances` of GET account."""
        return answers.balances(await ask(Call("privateGetAccount")))

    async def clock_ms(self, ask: Ask) -> int:
        """GET time."""
        return int((await ask(Call("publicGetTime")))["serverTime"])

    async def last_price(self, ask: Ask, market_id: str) -> Decimal:
        """GET ticker/price."""
        return number((await ask(Call("publicGetTickerPrice", ({"symbol": market_id},))))["price"])

    def orders_in_doubt(self, ask: Ask, history: History) -> AsyncIterator[Row]:
        """See `binance_history`."""
        return binance_history.orders_in_doubt(ask, history)

    # --- answers ------------------------------------------------------------------------------------------------

    def error_of(self, body: str) -> tuple[str, str]:
        """`{"code": -2010, "msg": "..."}`."""
        parsed = object_in(body)
        if not isinstance(parsed.get("code"), int):
            return "", ""
        return str(parsed["code"]), str(parsed.get("msg", ""))

    def used_weight(self, headers: Mapping[str, str]) -> int | None:
        """X-MBX-USED-WEIGHT-1M counts all requests of the address in the running minute [R]."""
        value = headers.get("x-mbx-used-weight-1m", "")
        return int(value) if value.isdigit() else None

    def read_order(self, raw: Row, symbol: str) -> VenueOrder:
        """An order as POST (FULL), GET order, openOrders and allOrders show it."""
        return answers.order(raw, symbol)

    def market_id_of(self, raw: Row) -> str:
        """The venue's own symbol."""
        return str(raw["symbol"])

    def placed_at_ms(self, raw: Row) -> int | None:
        """`time`; POST answers with `transactTime`."""
        value = raw.get("time", raw.get("transactTime"))
        return None if value is None else int(value)

    def read_market(self, market: Mapping[str, Any]) -> Market | None:
        """Filters as ccxt collects them."""
        return answers.market(market) if market["spot"] else None
