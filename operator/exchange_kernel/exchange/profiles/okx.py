"""OKX v5, spot, on an account in spot or futures mode.

What is particular about it: a client order id is unique "among all currently pending orders" and may be used again
afterwards [C]; stops are algo orders, with ids, lists and endpoints of their own (`okx_algos`); errors come inside HTTP
200, in the row.

How long a signed request stays valid is not documented for REST: there is a code for an expired time stamp [E 50102],
and 30 seconds for the login of streams. `expTime` would bound it [T], but exists for ordinary orders alone, as a header
that ccxt does not send. So requests count as never expiring, and there is one attempt.

Every order has `tdMode` cash, which never borrows; an account in a margin mode refuses it. A stop names its side of the
price (`slTriggerPx`, `tpTriggerPx`), and one that the market has crossed is refused [E 51277 to 51280]. Stops are
changed by cancel and replacement: an algo order's amend "only applies to Expiry Futures and Perpetual Futures"
[E 51529]. Trailing stops are not offered: in which currency the size of a buy is meant is documented for `conditional`
orders alone [A]. There is no GTD.

Sources: the API guide, [C] "Place order", [X] "Cancel order", [N] "Amend order", [A] "Place algo order", [D] "Get
account configuration", [T] "Transaction timeouts", [E] "Error code", [L] "Rate limits"; [CCXT] ccxt 4.5.90.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

from exchange_kernel.core.requests import AmendRequest, OrderRequest
from exchange_kernel.core.venue import Balance, Trade, VenueOrder
from exchange_kernel.core.venue_rules import Market, VenueRules
from exchange_kernel.exchange.port import AccountIdentity
from exchange_kernel.exchange.profiles import okx_algos as algos
from exchange_kernel.exchange.profiles import okx_answers as answers
from exchange_kernel.exchange.profiles import okx_lists as lists
from exchange_kernel.exchange.profiles import okx_orders as orders
from exchange_kernel.exchange.profiles.acknowledged import acknowledged
from exchange_kernel.exchange.profiles.base import VenueProfile
from exchange_kernel.exchange.profiles.canonical import number, object_in
from exchange_kernel.exchange.profiles.okx_codes import CODES
from exchange_kernel.exchange.profiles.parts import Ask, Call, CodeRow, History, LimitScope, OrderKey, Row, Weights

_SIDES = MappingProxyType({"Buy": "buy", "Sell": "sell"})
# Errors stand at the beginning of an answer, or in its one row; long answers without one are not parsed twice.
_ERROR_WITHIN = 2000


class OkxSpot(VenueProfile):
    """What is traded is listed in `okx_orders`."""

    name: ClassVar[str] = "okx"
    ccxt_id: ClassVar[str] = "okx"
    rules: ClassVar[VenueRules] = VenueRules(
        name="okx",
        supported=orders.SUPPORTED,
        quote_market_buy=True,
        request_expiry=None,
        settle_margin=30.0,  # not documented
        amends=orders.AMENDS,
    )
    codes: ClassVar[Sequence[CodeRow]] = CODES
    account_limit_codes: ClassVar[frozenset[str]] = frozenset({"50011", "50061"})  # private limits are per user [L]
    # [L] each endpoint has its own limit: 60 in 2 seconds for orders, 20 for algo orders, 10 for old fills. The
    # strictest that an operation touches decides what it costs, in sixtieths of two seconds.
    weights: ClassVar[Weights] = Weights(
        per_minute=1800,
        costs=MappingProxyType(
            {
                "load_markets": 3,
                "look_up": 4,
                "fetch_order": 4,
                "cancel_order": 3,
                "prove_absence": 40,
                "fetch_open_orders": 12,
                "fetch_trades": 7,
                "identify": 12,
                "fetch_balances": 6,
            }
        ),
        scope=LimitScope.ACCOUNT,
    )
    errors_inside_answers: ClassVar[bool] = True

    # --- connection ---------------------------------------------------------------------------------------------

    def settings(self) -> Mapping[str, Any]:
        """One read of instruments, and none of currencies, which would be a private call [CCXT]."""
        return {
            "options": {
                "defaultType": "spot",
                "timeDifference": 0,
                "adjustForTimeDifference": False,
                "fetchMarkets": {"types": ["spot"]},
                "maxRetriesOnFailure": 0,
            },
            "has": {"fetchCurrencies": False},
        }

    def api_urls(self, own: Mapping[str, Any], endpoint: str) -> Mapping[str, Any]:
        """One base for everything."""
        return {"rest": endpoint.rstrip("/") or own["rest"]}

    # [C] A client order id is up to 32 letters and digits: the canonical form fits as it is.

    # --- writes -------------------------------------------------------------------------------------------------

    def create(self, request: OrderRequest, market_id: str) -> Call:
        """POST order, or POST order-algo for what waits for a trigger."""
        params: dict[str, Any] = {
            "instId": market_id,
            "tdMode": "cash",
            "side": _SIDES[request.side],
            # Without it ccxt would invent one. For an algo order the venue has deprecated it [A].
            "clOrdId": self.encode(request.client_order_id),
            **orders.parameters(request),
        }
        if request.trigger_price is None:
            return Call("privatePostTradeOrder", (params,), expected=params)
        params["algoClOrdId"] = params["clOrdId"]
        return Call("privatePostTradeOrderAlgo", (params,), expected=params)

    def created(self, raw: Any, request: OrderRequest, market_id: str) -> VenueOrder:  # noqa: ANN401 - the venue's JSON
        """The ids; an algo order's is marked as such."""
        del market_id
        (row,) = algos.data(raw)
        if row["sCode"] != "0":
            raise ValueError("the answer is no acknowledgement")
        if request.trigger_price is None:
            return acknowledged(request, row["ordId"], row["clOrdId"])
        return acknowledged(request, row["algoId"] and answers.ALGO + row["algoId"], row["algoClOrdId"])

    def amend(self, request: AmendRequest, market_id: str) -> Call:
        """POST amend-order; where it fails the order works on unchanged (`cxlOnFail` is false) [N]."""
        params = {
            "instId": market_id,
            "ordId": request.exchange_order_id,
            "cxlOnFail": False,
            **orders.amend_parameters(request),
        }
        return Call("privatePostTradeAmendOrder", (params,), expected=params)

    def amended(self, raw: Any, request: AmendRequest, market_id: str) -> None:  # noqa: ANN401 - the venue's JSON
        """An acknowledgement; what became of the change is read back."""
        del market_id
        (row,) = algos.data(raw)
        if (row["sCode"], row["ordId"]) != ("0", request.exchange_order_id):
            raise ValueError("the answer is no acknowledgement, or is about another order")

    # --- questions ----------------------------------------------------------------------------------------------

    async def cancel(self, ask: Ask, key: OrderKey) -> bool:
        """POST cancel-order; a stop, or what it has become, by its own way."""
        order_id = key.exchange_order_id
        if order_id is None:
            row = await self.find_by_client_id(ask, key)
            if row is None:
                return False
            order_id = self.read_order(row, key.symbol).exchange_order_id
        if order_id.startswith(answers.ALGO):
            return await algos.cancel(ask, order_id.removeprefix(answers.ALGO))
        named = {"instId": key.market_id, "ordId": order_id}
        return await ask(Call("privatePostTradeCancelOrder", (named,))) is not None

    async def find_by_client_id(self, ask: Ask, key: OrderKey) -> Row | None:
        """Order details, then algo order details."""
        return await lists.by_client_id(ask, key.market_id, self.encode(key.client_order_id))

    async def find_by_id(self, ask: Ask, key: OrderKey) -> Row | None:
        """Order details or algo order details, as the id says."""
        order_id = str(key.exchange_order_id)
        if not order_id.startswith(answers.ALGO):
            return await algos.first(ask, algos.ORDER, {"instId": key.market_id, "ordId": order_id})
        row = await algos.first(ask, algos.ALGO_ORDER, {"algoId": order_id.removeprefix(answers.ALGO)})
        return None if row is None else await algos.complete(ask, row)

    def open_orders(self, ask: Ask) -> AsyncIterator[Row]:
        """Order List and Algo order list."""
        return lists.open_orders(ask)

    async def trades(self, ask: Ask, key: OrderKey) -> tuple[Trade, ...]:
        """Transaction details of the order, or of those that a stop has placed."""
        order_id = str(key.exchange_order_id)
        order_ids: Sequence[str] = [order_id]
        if order_id.startswith(answers.ALGO):
            row = await algos.first(ask, algos.ALGO_ORDER, {"algoId": order_id.removeprefix(answers.ALGO)})
            order_ids = () if row is None else answers.children(row)
        return answers.trades([row for one in order_ids for row in await lists.fills(ask, one)])

    async def identify(self, ask: Ask) -> AccountIdentity:
        """`uid`, and what the key may do [D]."""
        (row,) = algos.data(await ask(Call("privateGetAccountConfig")))
        return AccountIdentity(venue_account_id=str(row["uid"]), can_trade="trade" in str(row["perm"]).split(","))

    async def balances(self, ask: Ask) -> tuple[Balance, ...]:
        """The trading account's currencies."""
        (row,) = algos.data(await ask(Call("privateGetAccountBalance")))
        return answers.balances(row["details"])

    async def clock_ms(self, ask: Ask) -> int:
        """`ts`."""
        (row,) = algos.data(await ask(Call("publicGetPublicTime")))
        return int(row["ts"])

    async def last_price(self, ask: Ask, market_id: str) -> Decimal:
        """`last` of the ticker."""
        (row,) = algos.data(await ask(Call("publicGetMarketTicker", ({"instId": market_id},))))
        return number(row["last"])

    def orders_in_doubt(self, ask: Ask, history: History) -> AsyncIterator[Row]:
        """See `okx_lists`."""
        return lists.orders_in_doubt(ask, history)

    # --- answers ------------------------------------------------------------------------------------------------

    def error_of(self, body: str) -> tuple[str, str]:
        """`{"code": "51603", "msg": "..."}`, or the code of the one row of a write: `sCode`, `sMsg`."""
        if body.startswith('{"code":"0"') and '"sCode"' not in body[:_ERROR_WITHIN]:
            return "", ""
        return _error(object_in(body))

    def read_order(self, raw: Row, symbol: str) -> VenueOrder:
        """An ordinary order, or an algo order with what became of it."""
        return answers.order(raw, symbol)

    def market_id_of(self, raw: Row) -> str:
        """The instrument."""
        return str(raw["instId"])

    def placed_at_ms(self, raw: Row) -> int | None:
        """`cTime`."""
        return int(raw["cTime"])

    def read_market(self, market: Mapping[str, Any]) -> Market | None:
        """A spot instrument."""
        return answers.market(market) if market["spot"] else None


def _error(parsed: Mapping[str, Any]) -> tuple[str, str]:
    """(code, message) of the first row that failed, else of the answer; empty where all is well."""
    rows = parsed.get("data") if isinstance(parsed.get("data"), list) else ()
    for row in rows or ():
        if isinstance(row, dict) and str(row.get("sCode") or "0") != "0":
            return str(row["sCode"]), str(row.get("sMsg") or row["sCode"])
    code = parsed.get("code")
    if not isinstance(code, str) or code in {"", "0"}:
        return "", ""
    return code, str(parsed.get("msg") or code)
