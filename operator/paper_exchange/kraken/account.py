"""What an account may ask about itself."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

from paper_exchange.answering import Json, Work
from paper_exchange.kraken import errors, ids, lists, render
from paper_exchange.kraken.endpoint import Call
from paper_exchange.kraken.lists import Found, FoundTrade
from paper_exchange.kraken.names import asset_id, find_pair
from paper_exchange.kraken.params import Params
from paper_exchange.units import format_amount

PAGE: Final = 50
"""Orders and trades per answer."""
MAX_TXIDS: Final = 50
_PERCENT: Final = 100


def balances(call: Call) -> Work:
    """`Balance`: all that the account has, what is locked included."""
    return lambda: {
        asset_id(asset): format_amount(held.free + held.locked)
        for asset, held in call.venue.reads.balances(call.account).items()
    }


def extended_balances(call: Call) -> Work:
    """`BalanceEx`: the same, and what open orders hold of it."""
    return lambda: {
        asset_id(asset): {
            "balance": format_amount(held.free + held.locked),
            "hold_trade": format_amount(held.locked),
        }
        for asset, held in call.venue.reads.balances(call.account).items()
    }


def trade_volume(call: Call) -> Work:
    """`TradeVolume`: the rates that the account pays, in percent."""
    names = [name for name in (call.params.get("pair") or "").split(",") if name]
    wanted = [find_pair(call.venue.reads, name) for name in names]

    def work() -> Json:
        rates = {pair.pair_id: call.venue.reads.fees(call.account, pair.symbol.name) for pair in wanted}
        return {
            "currency": "ZUSD",
            "volume": "0.0000",
            "fees": {name: _rate(fees.taker) for name, fees in rates.items()},
            "fees_maker": {name: _rate(fees.maker) for name, fees in rates.items()},
        }

    return work


def _rate(rate: int) -> Json:
    percent = render.decimals(rate * _PERCENT, 4)
    return {"fee": percent, "minfee": percent, "maxfee": percent, "nextfee": None, "tiervolume": None}


# --- orders


def _filter(params: Params) -> Callable[[Found], bool]:
    """The lists of orders can be cut down to a `userref` or a `cl_ord_id`."""
    userref, client_id = params.userref(), params.client_id()
    return lambda found: (
        (userref is None or found.order.strategy_id == userref)
        and (client_id is None or found.order.client_order_id == client_id)
    )


def _shown(call: Call, rows: Iterable[Found], *, with_trades: bool) -> Json:
    return {
        ids.order_txid(found.market, found.order.order_id): lists.show(call, found, with_trades=with_trades)
        for found in rows
    }


def open_orders(call: Call) -> Work:
    """`OpenOrders`."""
    wanted, with_trades = _filter(call.params), call.params.flag("trades")
    return lambda: {"open": _shown(call, filter(wanted, lists.open_orders(call)), with_trades=with_trades)}


def closed_orders(call: Call) -> Work:
    """`ClosedOrders`: the latest first, 50 at a time from `ofs` on, between `start` and `end`."""
    params = call.params
    wanted, with_trades = _filter(params), params.flag("trades")
    by = params.get("closetm") or "both"
    if by not in {"open", "close", "both"}:
        raise errors.invalid_argument("closetm")
    after, until = _bounds(call)
    offset = params.count("ofs", 0)

    def time(found: Found) -> int:
        return found.order.time if by == "open" else found.order.update_time

    def work() -> Json:
        rows = [found for found in lists.closed_orders(call) if wanted(found) and after < time(found) <= until]
        rows.sort(key=lambda found: (-time(found), -found.order.order_id))
        page = rows[offset : offset + PAGE]
        return {"closed": _shown(call, page, with_trades=with_trades), "count": len(rows)}

    return work


def _bounds(call: Call) -> tuple[int, int]:
    """`start` (not included) and `end` (included) in milliseconds; each is a time in seconds or an order's txid."""
    return _bound(call, "start", -1), _bound(call, "end", 2**63)


def _bound(call: Call, name: str, default: int) -> int:
    text = call.params.get(name)
    if text is None:
        return default
    named = ids.read_order(text)
    if named is not None:
        return lists.find_order(call, named).order.time
    time = call.params.time_ms(name)
    return default if time is None else time


def query_orders(call: Call) -> Work:
    """`QueryOrders`: orders by txid, cut down to a `userref` or a `cl_ord_id`; by `userref` alone, all that have it."""
    params = call.params
    wanted, with_trades = _filter(params), params.flag("trades")
    text = params.get("txid")
    if text is None and params.userref() is None:
        raise errors.invalid_argument("txid")
    txids = text.split(",") if text else []
    if len(txids) > MAX_TXIDS:
        raise errors.invalid_argument("txid")

    def work() -> Json:
        if txids:
            found: Iterable[Found] = [lists.find_order(call, ids.read_order(txid)) for txid in txids]
        else:
            found = [*lists.open_orders(call), *lists.closed_orders(call)]
        return _shown(call, filter(wanted, found), with_trades=with_trades)

    return work


# --- trades


def trades_history(call: Call) -> Work:
    """`TradesHistory`: the latest first, 50 at a time from `ofs` on, between `start` and `end`."""
    after, until = _bounds(call)
    offset = call.params.count("ofs", 0)

    def work() -> Json:
        rows = [row for row in lists.trades(call) if after < row.trade.time <= until]
        rows.sort(key=lambda row: (-row.trade.time, -row.trade.trade_id))
        return {"trades": _shown_trades(islice(rows, offset, offset + PAGE)), "count": len(rows)}

    return work


def query_trades(call: Call) -> Work:
    """`QueryTrades`: trades by id."""
    names = call.params.required("txid").split(",")
    if len(names) > MAX_TXIDS:
        raise errors.invalid_argument("txid")

    def work() -> Json:
        by_id = {render.trade_id(row.market, row.trade): row for row in lists.trades(call)}
        if not by_id.keys() >= set(names):
            raise errors.KrakenError("EQuery:Unknown trade")
        return _shown_trades(by_id[name] for name in names)

    return work


def _shown_trades(rows: Iterable[FoundTrade]) -> Json:
    return {
        render.trade_id(row.market, row.trade): render.trade(row.pair, row.market, row.trade, row.order) for row in rows
    }
