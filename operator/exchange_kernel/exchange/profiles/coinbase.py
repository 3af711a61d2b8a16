"""Coinbase Advanced Trade, spot.

What is particular about it: a client order id is used up for ever ("if the ID provided is not unique, the order will
not be created and the order corresponding with that ID will be returned instead" [O]), and there is no question by
client order id: List Orders is searched. The answer to a create names ids alone.

Requests are not known to expire: the token that signs them does after two minutes [A], but ccxt stamps it with this
host's clock, and how strictly the venue takes the end is not documented. So there is one attempt.

An edit is not offered: its `size` is described as "new order size", not as the total with fills [E].

Sources: the API reference, [O] "Create Order", "Get Order", "List Orders", [X] "Cancel Orders", [E] "Edit Order",
[F] "List Fills", [K] "Get API Key Permissions", [T] "Get Server Time", [A] "API key authentication", [L] "Rate limits";
[C] ccxt 4.5.90.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

from exchange_kernel.core.requests import OrderRequest
from exchange_kernel.core.venue import Balance, Trade, VenueOrder
from exchange_kernel.core.venue_rules import Market, VenueRules
from exchange_kernel.exchange.port import AccountIdentity, ReadError
from exchange_kernel.exchange.profiles import coinbase_answers as answers
from exchange_kernel.exchange.profiles import coinbase_lists as lists
from exchange_kernel.exchange.profiles.acknowledged import acknowledged
from exchange_kernel.exchange.profiles.base import VenueProfile
from exchange_kernel.exchange.profiles.canonical import canonical, is_canonical, number, object_in, plain, row_of
from exchange_kernel.exchange.profiles.coinbase_codes import CODES, UNAUTHORIZED
from exchange_kernel.exchange.profiles.parts import Ask, Call, CodeRow, History, LimitScope, OrderKey, Row, Weights
from exchange_kernel.exchange.profiles.terms import check_field, check_listed, size

_SIDES = MappingProxyType({"Buy": "BUY", "Sell": "SELL"})
# [O] `stop_direction` is what makes a stop-limit a stop or a take-profit: always sent, never left to be derived.
_UP, _DOWN = "STOP_DIRECTION_STOP_UP", "STOP_DIRECTION_STOP_DOWN"
_DIRECTIONS = MappingProxyType(
    {
        ("StopLimit", "Buy"): _UP,
        ("StopLimit", "Sell"): _DOWN,
        ("TakeProfitLimit", "Buy"): _DOWN,
        ("TakeProfitLimit", "Sell"): _UP,
    }
)
_UNSAID = frozenset({"", "UNKNOWN_FAILURE_REASON", "UNKNOWN_PREVIEW_FAILURE_REASON"})
# An error stands at the beginning of an answer; long answers without one are not parsed twice.
_ERROR_WITHIN = 2000


class CoinbaseSpot(VenueProfile):
    """Market, Limit (GTC, GTD, IOC, FOK, post-only) and stop-limit orders in both directions."""

    name: ClassVar[str] = "coinbase"
    ccxt_id: ClassVar[str] = "coinbase"
    rules: ClassVar[VenueRules] = VenueRules(
        name="coinbase",
        supported=frozenset(
            {
                ("Market", "GTC", False, False),  # the spec's default; a market order is IOC [O]
                ("Market", "IOC", False, False),
                ("Limit", "GTC", False, False),
                ("Limit", "GTC", True, False),
                ("Limit", "GTD", False, False),
                ("Limit", "GTD", True, False),
                ("Limit", "IOC", False, False),  # sor_limit_ioc
                ("Limit", "FOK", False, False),
                ("StopLimit", "GTC", False, False),
                ("StopLimit", "GTD", False, False),
                ("TakeProfitLimit", "GTC", False, False),
                ("TakeProfitLimit", "GTD", False, False),
            }
        ),
        quote_market_buy=True,
        request_expiry=None,
        settle_margin=30.0,  # not documented: twice what the other venues get
        look_up=False,
        idempotent_create=True,
    )
    codes: ClassVar[Sequence[CodeRow]] = CODES
    account_limit_codes: ClassVar[frozenset[str]] = frozenset({"rate_limit_exceeded"})
    # [L] private endpoints: 30 per second and user. An operation costs as many requests as it makes.
    weights: ClassVar[Weights] = Weights(
        per_minute=1800,
        costs=MappingProxyType(
            {"load_markets": 3, "fetch_open_orders": len(lists.OPEN_STATES), "prove_absence": 12, "cancel_order": 2}
        ),
        scope=LimitScope.ACCOUNT,
    )
    signs_with_time: ClassVar[bool] = False
    errors_inside_answers: ClassVar[bool] = True

    # --- connection ---------------------------------------------------------------------------------------------

    def settings(self) -> Mapping[str, Any]:
        """No read of currencies, which is public but of another host's limits [C]."""
        return {
            "options": {"fetchMarkets": "fetchMarketsV3", "maxRetriesOnFailure": 0},
            "has": {"fetchCurrencies": False},
        }

    def api_urls(self, own: Mapping[str, Any], endpoint: str) -> Mapping[str, Any]:
        """One base for everything."""
        return {"rest": endpoint.rstrip("/") or own["rest"]}

    # --- ids ----------------------------------------------------------------------------------------------------

    def encode(self, client_order_id: str) -> str:
        """The form of a UUID, as in the venue's own examples; which other texts are taken is not documented."""
        h = canonical(client_order_id)
        return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"

    def decode(self, wire_id: str) -> str | None:
        """Back, for ids that can be ours."""
        plain_id = wire_id.replace("-", "")
        return plain_id if is_canonical(plain_id) and self.encode(plain_id) == wire_id else None

    # --- writes -------------------------------------------------------------------------------------------------

    def create(self, request: OrderRequest, market_id: str) -> Call:
        """POST orders with exactly one configuration."""
        check_listed(request, self.rules.supported, self.name)
        params = {
            "client_order_id": self.encode(request.client_order_id),
            "product_id": market_id,
            "side": _SIDES[request.side],
            "order_configuration": _configuration(request),
        }
        return Call("v3PrivatePostBrokerageOrders", (params,), expected=params)

    def created(self, raw: Any, request: OrderRequest, market_id: str) -> VenueOrder:  # noqa: ANN401 - the venue's JSON
        """`success_response`: ids, of this order or of the one that had the client order id before [O]."""
        told = raw["success_response"]
        if raw["success"] is not True or (told["product_id"], told["side"]) != (market_id, _SIDES[request.side]):
            raise ValueError("the answer is about another order")
        return acknowledged(request, told["order_id"], told["client_order_id"])

    # --- questions ----------------------------------------------------------------------------------------------

    async def cancel(self, ask: Ask, key: OrderKey) -> bool:
        """POST batch_cancel, which knows the venue's ids alone: an order without one is searched first."""
        order_id = key.exchange_order_id
        if order_id is None:
            row = await self.find_by_client_id(ask, key)
            if row is None:
                return False
            order_id = str(row["order_id"])
        raw = await ask(Call("v3PrivatePostBrokerageOrdersBatchCancel", ({"order_ids": [order_id]},)))
        (result,) = raw["results"]
        if result["order_id"] != order_id:
            raise ValueError("the answer is about another order")
        if result["success"] is True or result["failure_reason"] == "DUPLICATE_CANCEL_REQUEST":
            return True
        if result["failure_reason"] in {"UNKNOWN_CANCEL_ORDER", "ORDER_IS_FULLY_FILLED"}:
            return False
        raise ReadError(f"the venue did not cancel: {str(result['failure_reason'])[:60]}")

    async def find_by_client_id(self, ask: Ask, key: OrderKey) -> Row | None:
        """Among the newest orders of the market: enough to find an order of ours, not to prove its absence."""
        wire_id = self.encode(key.client_order_id)
        rows = await lists.newest(ask, key.market_id)
        return next((row for row in rows if row["client_order_id"] == wire_id), None)

    async def find_by_id(self, ask: Ask, key: OrderKey) -> Row | None:
        """GET orders/historical/{order_id}."""
        named = {"order_id": key.exchange_order_id}
        raw = await ask(Call("v3PrivateGetBrokerageOrdersHistoricalOrderId", (named,)))
        return None if raw is None else row_of(raw["order"])

    def open_orders(self, ask: Ask) -> AsyncIterator[Row]:
        """List Orders, state by state."""
        return lists.open_orders(ask)

    async def trades(self, ask: Ask, key: OrderKey) -> tuple[Trade, ...]:
        """List Fills of the order."""
        return answers.trades([row async for row in lists.fills(ask, {"order_ids": [key.exchange_order_id]})])

    async def identify(self, ask: Ask) -> AccountIdentity:
        """A key belongs to one portfolio [K]."""
        raw = await ask(Call("v3PrivateGetBrokerageKeyPermissions"))
        return AccountIdentity(venue_account_id=str(raw["portfolio_uuid"]), can_trade=raw["can_trade"] is True)

    async def balances(self, ask: Ask) -> tuple[Balance, ...]:
        """List Accounts: one wallet per currency."""
        return answers.balances([row async for row in lists.accounts(ask)])

    async def clock_ms(self, ask: Ask) -> int:
        """`epochMillis` [T]."""
        return int((await ask(Call("v3PublicGetBrokerageTime")))["epochMillis"])

    async def last_price(self, ask: Ask, market_id: str) -> Decimal:
        """The newest of the public trades."""
        named = {"product_id": market_id, "limit": 1}
        raw = await ask(Call("v3PublicGetBrokerageMarketProductsProductIdTicker", (named,)))
        return number(raw["trades"][0]["price"])

    def orders_in_doubt(self, ask: Ask, history: History) -> AsyncIterator[Row]:
        """See `coinbase_lists`."""
        return lists.orders_in_doubt(ask, history)

    # --- answers ------------------------------------------------------------------------------------------------

    def error_of(self, body: str) -> tuple[str, str]:
        """Three forms of error [O, L, C], and a bare word for a key that is refused."""
        if body.strip() == UNAUTHORIZED:
            return UNAUTHORIZED, UNAUTHORIZED
        if '"error' not in body[:_ERROR_WITHIN]:
            return "", ""
        return _error(object_in(body))

    def read_order(self, raw: Row, symbol: str) -> VenueOrder:
        """An order as Get Order and List Orders show it."""
        return answers.order(raw, symbol)

    def market_id_of(self, raw: Row) -> str:
        """The product."""
        return str(raw["product_id"])

    def placed_at_ms(self, raw: Row) -> int | None:
        """`created_time`."""
        at = answers.moment(raw.get("created_time"))
        return None if at is None else int(at.timestamp() * 1000)

    def read_market(self, market: Mapping[str, Any]) -> Market | None:
        """A spot product."""
        return answers.market(market) if market["spot"] else None


def _error(parsed: Mapping[str, Any]) -> tuple[str, str]:
    """(code, message); empty for an answer that reports success."""
    if isinstance(parsed.get("errors"), list) and parsed["errors"]:  # {"errors": [{"id": ..., "message": ...}]}
        first = parsed["errors"][0]
        return str(first.get("id", "")), str(first.get("message", ""))
    told = parsed.get("error_response")
    if parsed.get("success") is False and isinstance(told, dict):
        names = (told.get(key) or "" for key in ("new_order_failure_reason", "error", "preview_failure_reason"))
        code = next((str(name) for name in names if name not in _UNSAID), "UNKNOWN_FAILURE_REASON")
        return code, " ".join(str(told[key]) for key in ("message", "error_details") if told.get(key)) or code
    if isinstance(parsed.get("error"), str):
        return parsed["error"], str(parsed.get("message") or parsed.get("error_details") or parsed["error"])
    return "", ""


def _configuration(request: OrderRequest) -> dict[str, dict[str, Any]]:
    """The venue's name for the kind of order, and its fields."""
    triggered = request.type in {"StopLimit", "TakeProfitLimit"}
    check_field(request, "price", wanted=request.type != "Market")
    check_field(request, "trigger_price", wanted=triggered)
    check_field(request, "trailing", wanted=False)
    check_field(request, "expire_at", wanted=request.time_in_force == "GTD")
    if request.type == "Market":
        return {"market_market_ioc": {"base_size" if request.quote_quantity is None else "quote_size": size(request)}}
    terms: dict[str, Any] = {"base_size": size(request), "limit_price": plain(request.price)}
    if request.expire_at is not None:
        terms["end_time"] = _rfc3339(request.expire_at)
    if triggered:
        stop = {"stop_price": plain(request.trigger_price), "stop_direction": _DIRECTIONS[request.type, request.side]}
        return {f"stop_limit_stop_limit_{request.time_in_force.lower()}": {**terms, **stop}}
    if request.time_in_force in {"IOC", "FOK"}:
        return {"sor_limit_ioc" if request.time_in_force == "IOC" else "limit_limit_fok": terms}
    return {f"limit_limit_{request.time_in_force.lower()}": {**terms, "post_only": request.post_only}}


def _rfc3339(at: datetime) -> str:
    """As in the venue's examples: UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
