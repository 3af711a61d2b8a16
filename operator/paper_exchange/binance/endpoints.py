"""Every request that the venue answers: who may ask it, what it costs, which function answers it.

One table for both transports: a REST route and a WS-API method are two names of the same endpoint. Weights are those
of the venue's documentation.
"""

from collections.abc import Callable, Mapping
from typing import Final

from paper_exchange.binance import account, changing, list_queries, order_lists, public, trading
from paper_exchange.binance.auth import Security
from paper_exchange.binance.endpoint import Endpoint
from paper_exchange.binance.params import Params

ORDER_PATH: Final = "/api/v3/order"


def _fixed(weight: int) -> Callable[[Params], int]:
    return lambda _params: weight


def _depth(params: Params) -> int:
    text = params.peek("limit") or "100"
    limit = int(text) if text.isascii() and text.isdigit() else 100
    steps = ((100, 5), (500, 25), (1000, 50))
    return next((weight for most, weight in steps if limit <= most), 250)


def _by_symbol(one: int, every: int) -> Callable[[Params], int]:
    return lambda params: one if "symbol" in params else every


def _ticker_24hr(params: Params) -> int:
    if "symbol" in params:
        return 2
    count = (params.peek("symbols") or "").count('"') // 2
    if count == 0 or count > 100:
        return 80
    return 2 if count <= 20 else 40


def _my_trades(params: Params) -> int:
    return 5 if "orderId" in params else 20


def _order_test(params: Params) -> int:
    return 20 if params.peek("computeCommissionRates") == "true" else 1


_PUBLIC: Final[Mapping[tuple[str, str], Endpoint]] = {
    ("/api/v3/ping", "ping"): Endpoint(prepare=public.ping, weight=_fixed(1)),
    ("/api/v3/time", "time"): Endpoint(prepare=public.server_time, weight=_fixed(1)),
    ("/api/v3/exchangeInfo", "exchangeInfo"): Endpoint(prepare=public.exchange_info, weight=_fixed(20)),
    ("/api/v3/depth", "depth"): Endpoint(prepare=public.depth, weight=_depth),
    ("/api/v3/trades", "trades.recent"): Endpoint(prepare=public.trades, weight=_fixed(25)),
    ("/api/v3/historicalTrades", "trades.historical"): Endpoint(prepare=public.historical_trades, weight=_fixed(25)),
    ("/api/v3/aggTrades", "trades.aggregate"): Endpoint(prepare=public.aggregate_trades, weight=_fixed(4)),
    ("/api/v3/klines", "klines"): Endpoint(prepare=public.klines, weight=_fixed(2)),
    ("/api/v3/uiKlines", "uiKlines"): Endpoint(prepare=public.klines, weight=_fixed(2)),
    ("/api/v3/avgPrice", "avgPrice"): Endpoint(prepare=public.average_price, weight=_fixed(2)),
    ("/api/v3/ticker/24hr", "ticker.24hr"): Endpoint(prepare=public.ticker_24hr, weight=_ticker_24hr),
    ("/api/v3/ticker/price", "ticker.price"): Endpoint(prepare=public.ticker_price, weight=_by_symbol(2, 4)),
    ("/api/v3/ticker/bookTicker", "ticker.book"): Endpoint(prepare=public.book_ticker, weight=_by_symbol(2, 4)),
}

_SIGNED: Final[Mapping[tuple[str, str, str], Endpoint]] = {
    ("POST", ORDER_PATH, "order.place"): Endpoint(
        prepare=trading.place, security=Security.TRADE, weight=_fixed(1), counts_order=True
    ),
    ("DELETE", ORDER_PATH, "order.cancel"): Endpoint(prepare=trading.cancel, security=Security.TRADE, weight=_fixed(1)),
    ("GET", ORDER_PATH, "order.status"): Endpoint(prepare=account.order, security=Security.USER_DATA, weight=_fixed(4)),
    ("POST", "/api/v3/order/test", "order.test"): Endpoint(
        prepare=trading.test, security=Security.TRADE, weight=_order_test
    ),
    ("POST", "/api/v3/order/cancelReplace", "order.cancelReplace"): Endpoint(
        prepare=changing.replace, security=Security.TRADE, weight=_fixed(1), counts_order=True
    ),
    ("PUT", "/api/v3/order/amend/keepPriority", "order.amend.keepPriority"): Endpoint(
        prepare=changing.amend, security=Security.TRADE, weight=_fixed(4)
    ),
    ("GET", "/api/v3/order/amendments", "order.amendments"): Endpoint(
        prepare=changing.amendments, security=Security.USER_DATA, weight=_fixed(4)
    ),
    ("POST", "/api/v3/orderList/oco", "orderList.place.oco"): Endpoint(
        prepare=order_lists.place_oco, security=Security.TRADE, weight=_fixed(1), counts_order=True
    ),
    ("POST", "/api/v3/orderList/oto", "orderList.place.oto"): Endpoint(
        prepare=order_lists.place_oto, security=Security.TRADE, weight=_fixed(1), counts_order=True
    ),
    ("POST", "/api/v3/orderList/otoco", "orderList.place.otoco"): Endpoint(
        prepare=order_lists.place_otoco, security=Security.TRADE, weight=_fixed(1), counts_order=True
    ),
    ("POST", "/api/v3/orderList/opo", "orderList.place.opo"): Endpoint(
        prepare=order_lists.place_opo, security=Security.TRADE, weight=_fixed(1), counts_order=True
    ),
    ("POST", "/api/v3/orderList/opoco", "orderList.place.opoco"): Endpoint(
        prepare=order_lists.place_opoco, security=Security.TRADE, weight=_fixed(1), counts_order=True
    ),
    ("DELETE", "/api/v3/orderList", "orderList.cancel"): Endpoint(
        prepare=order_lists.cancel, security=Security.TRADE, weight=_fixed(1)
    ),
    ("GET", "/api/v3/orderList", "orderList.status"): Endpoint(
        prepare=list_queries.status, security=Security.USER_DATA, weight=_fixed(4)
    ),
    ("GET", "/api/v3/allOrderList", "allOrderLists"): Endpoint(
        prepare=list_queries.all_lists, security=Security.USER_DATA, weight=_fixed(20)
    ),
    ("GET", "/api/v3/openOrderList", "openOrderLists.status"): Endpoint(
        prepare=list_queries.open_lists, security=Security.USER_DATA, weight=_fixed(6)
    ),
    ("GET", "/api/v3/openOrders", "openOrders.status"): Endpoint(
        prepare=account.open_orders, security=Security.USER_DATA, weight=_by_symbol(6, 80)
    ),
    ("DELETE", "/api/v3/openOrders", "openOrders.cancelAll"): Endpoint(
        prepare=trading.cancel_all, security=Security.TRADE, weight=_fixed(1)
    ),
    ("GET", "/api/v3/allOrders", "allOrders"): Endpoint(
        prepare=account.all_orders, security=Security.USER_DATA, weight=_fixed(20)
    ),
    ("GET", "/api/v3/myTrades", "myTrades"): Endpoint(
        prepare=account.my_trades, security=Security.USER_DATA, weight=_my_trades
    ),
    ("GET", "/api/v3/account", "account.status"): Endpoint(
        prepare=account.status, security=Security.USER_DATA, weight=_fixed(20)
    ),
    ("GET", "/api/v3/account/commission", "account.commission"): Endpoint(
        prepare=account.commission, security=Security.USER_DATA, weight=_fixed(20)
    ),
    ("GET", "/api/v3/rateLimit/order", "account.rateLimits.orders"): Endpoint(
        prepare=account.order_counts, security=Security.USER_DATA, weight=_fixed(40)
    ),
}


def _by_route() -> Mapping[tuple[str, str], Endpoint]:
    unsigned = {("GET", path): endpoint for (path, _), endpoint in _PUBLIC.items()}
    return unsigned | {(method, path): endpoint for (method, path, _), endpoint in _SIGNED.items()}


REST: Final = _by_route()
"""Endpoints by HTTP method and path."""
PATHS: Final = frozenset(path for _, path in REST)
"""Paths that some method answers."""
WS: Final[Mapping[str, Endpoint]] = {
    **{name: endpoint for (_, name), endpoint in _PUBLIC.items()},
    **{name: endpoint for (_, _, name), endpoint in _SIGNED.items()},
}
"""Endpoints by WS-API method."""
