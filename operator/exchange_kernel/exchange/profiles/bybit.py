"""Bybit v5, spot on a unified trading account.

What is particular about it: creates, cancels and amends are acknowledged with ids and decided afterwards, so that a
post-only order that would take, for example, is acknowledged and then rejected; a request expires after its receive
window [G]; a client order id is "always unique" [C], for how long is not said, so that it is looked up all the same.

**No triggers.** A spot order has no trigger direction on the wire (`triggerDirection` is "valid for linear & inverse"
[C]): the venue derives it from the price at arrival, so that a stop which the market crosses on the way turns into a
take-profit. Trailing stops and GTD do not exist on spot.

Sources: bybit-exchange/docs `docs/v5/`: [C] `order/create-order.mdx`, [X] `order/cancel-order.mdx`,
[A] `order/amend-order.mdx`, [E] `error.mdx`, [G] `guide.mdx`, [L] `rate-limit/rate-limit.mdx`,
[U] `user/apikey-info.mdx`, [S] `market/time.mdx`, [P] `market/tickers.mdx`; [CCXT] ccxt 4.5.90.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

from exchange_kernel.core.requests import AmendChange, AmendRequest, OrderRequest
from exchange_kernel.core.venue import Balance, Trade, VenueOrder
from exchange_kernel.core.venue_rules import Market, VenueRules
from exchange_kernel.exchange.port import AccountIdentity
from exchange_kernel.exchange.profiles import bybit_answers as answers
from exchange_kernel.exchange.profiles import bybit_lists as lists
from exchange_kernel.exchange.profiles.acknowledged import acknowledged
from exchange_kernel.exchange.profiles.base import VenueProfile
from exchange_kernel.exchange.profiles.bybit_codes import CODES, TOO_FREQUENT
from exchange_kernel.exchange.profiles.canonical import number, object_in, plain
from exchange_kernel.exchange.profiles.parts import Ask, Call, CodeRow, History, OrderKey, Row, Weights
from exchange_kernel.exchange.profiles.terms import changed, check_field, check_listed, size

REQUEST_EXPIRY_MS = 5000
"""recvWindow, the venue's default [G]: `server_time - recv_window <= timestamp < server_time + 1000`."""


class BybitSpot(VenueProfile):
    """Market (by base or quote quantity) and Limit (GTC, IOC, FOK, post-only)."""

    name: ClassVar[str] = "bybit"
    ccxt_id: ClassVar[str] = "bybit"
    rules: ClassVar[VenueRules] = VenueRules(
        name="bybit",
        supported=frozenset(
            {
                ("Market", "GTC", False, False),  # the spec's default; "market order will always use IOC" [C]
                ("Market", "IOC", False, False),
                ("Limit", "GTC", False, False),
                ("Limit", "GTC", True, False),
                ("Limit", "IOC", False, False),
                ("Limit", "FOK", False, False),
            }
        ),
        quote_market_buy=True,
        request_expiry=REQUEST_EXPIRY_MS / 1000,
        settle_margin=30.0,  # not documented; "the data returned from this endpoint may delay" (order-list.mdx)
        # [A] "order quantity after modification", and [E] 170313: it may not be less than what is filled.
        amends=MappingProxyType(
            {"Limit": frozenset({AmendChange.QUANTITY_DOWN, AmendChange.QUANTITY_UP, AmendChange.PRICE})}
        ),
    )
    codes: ClassVar[Sequence[CodeRow]] = CODES
    account_limit_codes: ClassVar[frozenset[str]] = frozenset({"10006", "170005", "170222"})  # "per second per UID" [L]
    # [L] 600 requests in 5 seconds and address, else the address is banned for ten minutes: as much in a minute keeps
    # any 5 seconds below it. An operation costs as many requests as it makes.
    weights: ClassVar[Weights] = Weights(
        per_minute=600,
        costs=MappingProxyType({"look_up": 2, "fetch_order": 2, "prove_absence": 8, "fetch_open_orders": 2}),
    )
    errors_inside_answers: ClassVar[bool] = True

    # --- connection ---------------------------------------------------------------------------------------------

    def settings(self) -> Mapping[str, Any]:
        """One read of instruments, and none of currencies [CCXT]."""
        return {
            "options": {
                "defaultType": "spot",
                "recvWindow": REQUEST_EXPIRY_MS,
                "timeDifference": 0,
                "adjustForTimeDifference": False,
                "fetchMarkets": {"types": ["spot"], "usePrivateInstrumentsInfo": False},
                "maxRetriesOnFailure": 0,
            },
            "has": {"fetchCurrencies": False},
        }

    def api_urls(self, own: Mapping[str, Any], endpoint: str) -> Mapping[str, Any]:
        """The two sections of v5."""
        if endpoint:
            return dict.fromkeys(("public", "private"), endpoint.rstrip("/"))
        return {section: own[section] for section in ("public", "private")}

    # [C] A client order id is up to 36 letters, digits, dashes and underscores: the canonical form fits as it is.

    # --- writes -------------------------------------------------------------------------------------------------

    def create(self, request: OrderRequest, market_id: str) -> Call:
        """POST order/create; `isLeverage` 0 never borrows, `orderFilter` Order is never a conditional order [C]."""
        check_listed(request, self.rules.supported, self.name)
        check_field(request, "price", wanted=request.type == "Limit")
        for absent in ("trigger_price", "trailing", "expire_at"):
            check_field(request, absent, wanted=False)
        params = {
            "category": "spot",
            "symbol": market_id,
            "side": {"Buy": "Buy", "Sell": "Sell"}[request.side],
            "orderLinkId": self.encode(request.client_order_id),
            "isLeverage": 0,
            "orderFilter": "Order",
            **(_market(request) if request.type == "Market" else _limit(request)),
        }
        return Call("privatePostV5OrderCreate", (params,), expected=params)

    def created(self, raw: Any, request: OrderRequest, market_id: str) -> VenueOrder:  # noqa: ANN401 - the venue's JSON
        """The ids: "the acknowledgement [...] indicates that the request was successfully accepted" [C]."""
        del market_id
        return acknowledged(request, raw["result"]["orderId"], raw["result"]["orderLinkId"])

    def amend(self, request: AmendRequest, market_id: str) -> Call:
        """POST order/amend: "do not pass it if not modify" [A]."""
        if request.type not in self.rules.amends or request.trigger_price is not None:
            raise ValueError(f"the bybit profile changes no {request.type} order like this")
        params = {
            "category": "spot",
            "symbol": market_id,
            "orderId": request.exchange_order_id,
            **changed({"qty": request.quantity, "price": request.price}),
        }
        return Call("privatePostV5OrderAmend", (params,), expected=params)

    def amended(self, raw: Any, request: AmendRequest, market_id: str) -> None:  # noqa: ANN401 - the venue's JSON
        """An acknowledgement; what became of the change is read back."""
        del market_id
        if raw["result"]["orderId"] != request.exchange_order_id:
            raise ValueError("the answer is about another order")

    # --- questions ----------------------------------------------------------------------------------------------

    async def cancel(self, ask: Ask, key: OrderKey) -> bool:
        """POST order/cancel, by either id [X]."""
        named = {"category": "spot", "symbol": key.market_id, "orderFilter": "Order", **self._named(key)}
        raw = await ask(Call("privatePostV5OrderCancel", (named,)))
        return raw is not None and bool(raw["result"]["orderId"])

    async def find_by_client_id(self, ask: Ask, key: OrderKey) -> Row | None:
        """Realtime, then history."""
        return await lists.one(ask, {"orderLinkId": self.encode(key.client_order_id)})

    async def find_by_id(self, ask: Ask, key: OrderKey) -> Row | None:
        """Realtime, then history."""
        return await lists.one(ask, {"orderId": str(key.exchange_order_id)})

    def _named(self, key: OrderKey) -> Mapping[str, str]:
        if key.exchange_order_id is not None:
            return {"orderId": key.exchange_order_id}
        return {"orderLinkId": self.encode(key.client_order_id)}

    def open_orders(self, ask: Ask) -> AsyncIterator[Row]:
        """Realtime without a symbol."""
        return lists.open_orders(ask)

    async def trades(self, ask: Ask, key: OrderKey) -> tuple[Trade, ...]:
        """Executions of the order."""
        return answers.trades([row async for row in lists.executions(ask, str(key.exchange_order_id))])

    async def identify(self, ask: Ask) -> AccountIdentity:
        """`userID`, and what the key may do [U]."""
        told = (await ask(Call("privateGetV5UserQueryApi")))["result"]
        trades = told["readOnly"] == 0 and "SpotTrade" in (told["permissions"].get("Spot") or ())
        return AccountIdentity(venue_account_id=str(told["userID"]), can_trade=trades)

    async def balances(self, ask: Ask) -> tuple[Balance, ...]:
        """The unified account's coins."""
        raw = await ask(Call("privateGetV5AccountWalletBalance", ({"accountType": "UNIFIED"},)))
        (account,) = raw["result"]["list"]
        return answers.balances(account["coin"])

    async def clock_ms(self, ask: Ask) -> int:
        """`timeNano` [S]."""
        return int((await ask(Call("publicGetV5MarketTime")))["result"]["timeNano"]) // 1_000_000

    async def last_price(self, ask: Ask, market_id: str) -> Decimal:
        """`lastPrice` [P]."""
        raw = await ask(Call("publicGetV5MarketTickers", ({"category": "spot", "symbol": market_id},)))
        (ticker,) = raw["result"]["list"]
        return number(ticker["lastPrice"])

    def orders_in_doubt(self, ask: Ask, history: History) -> AsyncIterator[Row]:
        """See `bybit_lists`."""
        return lists.orders_in_doubt(ask, history)

    # --- answers ------------------------------------------------------------------------------------------------

    def error_of(self, body: str) -> tuple[str, str]:
        """`{"retCode": 10001, "retMsg": "..."}`; 0 is success."""
        if body.startswith('{"retCode":0,'):
            return "", ""
        if "access too frequent" in body[:200]:
            return TOO_FREQUENT, "access too frequent"
        parsed = object_in(body)
        code = parsed.get("retCode")
        if not isinstance(code, int) or code == 0:
            return "", ""
        return str(code), str(parsed.get("retMsg") or code)

    def read_order(self, raw: Row, symbol: str) -> VenueOrder:
        """An order as realtime and history show it."""
        return answers.order(raw, symbol)

    def market_id_of(self, raw: Row) -> str:
        """The venue's own symbol."""
        return str(raw["symbol"])

    def placed_at_ms(self, raw: Row) -> int | None:
        """`createdTime`."""
        return int(raw["createdTime"])

    def read_market(self, market: Mapping[str, Any]) -> Market | None:
        """A spot instrument."""
        return answers.market(market) if market["spot"] else None


def _market(request: OrderRequest) -> dict[str, str]:
    unit = "baseCoin" if request.quote_quantity is None else "quoteCoin"
    return {"orderType": "Market", "timeInForce": "IOC", "marketUnit": unit, "qty": size(request)}


def _limit(request: OrderRequest) -> dict[str, str]:
    force = "PostOnly" if request.post_only else request.time_in_force
    return {"orderType": "Limit", "timeInForce": force, "qty": size(request), "price": plain(request.price)}
