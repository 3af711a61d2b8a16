"""What an account may ask about itself."""

from functools import partial

from paper_exchange.answering import Json, Work
from paper_exchange.binance import errors, render, render_account, values
from paper_exchange.binance.endpoint import Call, refused
from paper_exchange.refusals import Refusal
from paper_exchange.rows import Page
from paper_exchange.venue import Venue


def status(venue: Venue, call: Call) -> Work:
    """`GET account`, `account.status`."""
    omit_zero = call.params.boolean("omitZeroBalances", default=False)
    call.params.finish()
    return partial(_status, venue, call, omit_zero=omit_zero)


def _status(venue: Venue, call: Call, *, omit_zero: bool) -> Json:
    owner = venue.reads.account(call.account)
    if owner is None or call.key is None:
        raise errors.KEY_REJECTED
    held = venue.reads.balances(call.account)
    listed = dict.fromkeys(asset for symbol in venue.reads.symbols() for asset in (symbol.base, symbol.quote))
    rows = [(asset, held[asset]) for asset in held if not omit_zero or held[asset].free or held[asset].locked]
    if not omit_zero:
        rows += [(asset, render_account.NOTHING) for asset in listed if asset not in held]
    return render_account.account(owner, rows, may_trade=call.key.can_trade)


def order(venue: Venue, call: Call) -> Work:
    """`GET order`, `order.status`."""
    params = call.params
    symbol = values.symbol(params, venue.reads)
    order_id, client_order_id = params.integer("orderId"), params.client_order_id("origClientOrderId")
    params.finish()
    if order_id is None and client_order_id is None:
        raise errors.missing_either("origClientOrderId", "orderId")
    return partial(_order, venue, call, symbol, order_id, client_order_id)


def _order(venue: Venue, call: Call, symbol: str, order_id: int | None, client_order_id: str | None) -> Json:
    found = venue.lookups.order(
        call.account, symbol, order_id=order_id, client_order_id=client_order_id, now=venue.now_ms()
    )
    if isinstance(found, Refusal):
        raise refused(found)
    return render.queried(found)


def open_orders(venue: Venue, call: Call) -> Work:
    """`GET openOrders`, `openOrders.status`."""
    symbol = values.optional_symbol(call.params, venue.reads)
    call.params.finish()
    return lambda: [
        render.queried(found) for found in venue.lookups.open_orders(call.account, symbol, now=venue.now_ms())
    ]


def all_orders(venue: Venue, call: Call) -> Work:
    """`GET allOrders`, `allOrders`."""
    symbol = values.symbol(call.params, venue.reads)
    page = values.page(call.params, "orderId", max_span_ms=values.DAY_MS)
    call.params.finish()
    return lambda: [
        render.queried(found) for found in venue.lookups.all_orders(call.account, symbol, page, now=venue.now_ms())
    ]


def my_trades(venue: Venue, call: Call) -> Work:
    """`GET myTrades`, `myTrades`."""
    params = call.params
    symbol, order_id = values.symbol(params, venue.reads), params.integer("orderId")
    page = values.page(params, "fromId", max_span_ms=values.DAY_MS)
    params.finish()
    timed = page.start is not None or page.end is not None
    if timed and (order_id is not None or page.from_id is not None):
        raise errors.bad_combination()
    return partial(_my_trades, venue, call, symbol, page, order_id)


def _my_trades(venue: Venue, call: Call, symbol: str, page: Page, order_id: int | None) -> Json:
    rows = venue.lookups.trades(call.account, symbol, page, order_id=order_id, now=venue.now_ms())
    return [render.my_trade(trade) for trade in rows]


def commission(venue: Venue, call: Call) -> Work:
    """`GET account/commission`, `account.commission`."""
    symbol = values.symbol(call.params, venue.reads)
    call.params.finish()
    return lambda: render_account.commission(symbol, venue.reads.fees(call.account, symbol))


def order_counts(venue: Venue, call: Call) -> Work:
    """`GET rateLimit/order`, `account.rateLimits.orders`."""
    call.params.finish()
    return lambda: order_limits(venue, call.account)


def order_limits(venue: Venue, account: str) -> list[Json]:
    """The account's unfilled orders beside their limits."""
    limits = venue.limiter.limits
    short, long = venue.limiter.order_counts(account, venue.now_ms())
    return [
        rate_limit("ORDERS", "SECOND", 10, limits.orders_per_10s) | {"count": short},
        rate_limit("ORDERS", "DAY", 1, limits.orders_per_day) | {"count": long},
    ]


def rate_limit(kind: str, interval: str, number: int, limit: int) -> dict[str, Json]:
    """One limit as exchangeInfo describes it."""
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
