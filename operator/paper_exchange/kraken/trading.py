"""Placing, amending and canceling: requests to commands, replies to answers."""

from collections.abc import Callable
from functools import partial

from paper_exchange.answering import Json, Work
from paper_exchange.kraken import errors, ids, lists, orders, render
from paper_exchange.kraken.endpoint import Call
from paper_exchange.kraken.names import Pair, pair_of
from paper_exchange.kraken.params import Params
from paper_exchange.model import Order, OrderStatus
from paper_exchange.order_commands import AmendOrder, CancelOrder, PlaceOrder
from paper_exchange.refusals import Refusal
from paper_exchange.replies import OrderAmended, OrderCanceled, OrderPlaced


def add(call: Call) -> Work:
    """`AddOrder`; with `validate`, the order is judged and not placed."""
    command = orders.read_order(call)
    deadline = orders.read_deadline(call.params, call.venue.now_ms())
    return partial(_add, call, command, deadline, only_judge=call.params.flag("validate"))


def _add(call: Call, command: PlaceOrder, deadline: int | None, *, only_judge: bool) -> Json:
    venue, now = call.venue, call.venue.now_ms()
    orders.check_deadline(deadline, now)
    symbol = venue.reads.symbol(command.symbol)
    if symbol is None:
        raise errors.UNKNOWN_PAIR
    pair = pair_of(symbol)
    if only_judge:
        refusal = venue.check(command)
        if refusal is not None:
            raise errors.refused(refusal)
        return {"descr": {"order": render.sentence(pair, _imagined(command, now))}}
    call.counters.order(call.account, command.symbol, now)
    reply = venue.submit(command)
    if isinstance(reply, Refusal):
        raise errors.refused(reply)
    if not isinstance(reply, OrderPlaced):
        raise _unexpected(reply)
    market = [each.name for each in venue.reads.symbols()].index(command.symbol)
    descr = {"order": render.sentence(pair, reply.order)}
    answer: dict[str, Json] = {"descr": descr, "txid": [ids.order_txid(market, reply.order.order_id)]}
    if command.client_order_id is not None:
        answer["cl_ord_id"] = command.client_order_id
    return answer


def _imagined(command: PlaceOrder, now: int) -> Order:
    """The order that a command would make, for its description."""
    return Order(
        order_id=0,
        account=command.account,
        symbol=command.symbol,
        client_order_id=command.client_order_id or "",
        side=command.side,
        type=command.type,
        time_in_force=command.time_in_force,  # type: ignore[arg-type] # not part of the description
        price=command.price or 0,
        quantity=command.quantity or 0,
        quote_quantity=command.quote_quantity or 0,
        stop_price=command.stop_price or 0,
        trailing_delta=command.trailing_delta or 0,
        trailing_amount=command.trailing_amount or 0,
        iceberg_quantity=0,
        order_list_id=-1,
        prevention=command.prevention,  # type: ignore[arg-type] # not part of the description
        strategy_id=command.strategy_id,
        strategy_type=None,
        time=now,
        update_time=now,
        working_time=now,
        status=OrderStatus.NEW,
        is_working=False,
    )


# --- the order that a request means


def _named(call: Call) -> tuple[str, int]:
    """Symbol and number of the caller's open order that `txid` or `cl_ord_id` names.

    Raises:
        KrakenError: Neither is given, or there is no such open order.
    """
    txid, client_id = call.params.get("txid"), call.params.client_id()
    if txid is None and client_id is None:
        raise errors.invalid_argument("txid")
    if txid is None:
        return _open_by_client_id(call, client_id or "")
    named = ids.read_order(txid)
    symbol = lists.symbol_of(call, named)
    number = named.number if named else 0
    found = call.venue.reads.order(call.account, symbol.name, order_id=number, now=call.venue.now_ms())
    if isinstance(found, Refusal) or (client_id is not None and found.client_order_id != client_id):
        raise errors.UNKNOWN_ORDER
    return symbol.name, number


def _open_by_client_id(call: Call, client_id: str) -> tuple[str, int]:
    for order in call.venue.reads.open_orders(call.account):
        if order.client_order_id == client_id:
            return order.symbol, order.order_id
    raise errors.UNKNOWN_ORDER


# --- amend


def amend(call: Call) -> Work:
    """`AmendOrder`: changes an order in place; `order_qty` is the new total."""
    deadline = orders.read_deadline(call.params, call.venue.now_ms())
    call.params.amount("order_qty")
    return partial(_amend, call, deadline)


def _amend(call: Call, deadline: int | None) -> Json:
    venue, now = call.venue, call.venue.now_ms()
    orders.check_deadline(deadline, now)
    symbol_name, number = _named(call)
    found = venue.reads.order(call.account, symbol_name, order_id=number, now=now)
    symbol = venue.reads.symbol(symbol_name)
    if symbol is None or isinstance(found, Refusal) or not found.is_open:
        raise errors.UNKNOWN_ORDER
    call.counters.order(call.account, symbol_name, now, amended_age_ms=now - found.update_time)
    reply = venue.submit(_amend_command(call, pair_of(symbol), number))
    if isinstance(reply, Refusal):
        raise errors.refused(reply)
    if not isinstance(reply, OrderAmended):
        raise _unexpected(reply)
    market = [each.name for each in venue.reads.symbols()].index(symbol_name)
    return {"amend_id": "T" + ids.order_txid(market, number)[1:]}


def _amend_command(call: Call, pair: Pair, number: int) -> AmendOrder:
    params = call.params
    quantity = params.amount("order_qty")
    return AmendOrder(
        account=call.account,
        symbol=pair.symbol.name,
        order_id=number,
        quantity=None if quantity is None else orders.checked_volume(quantity, pair),
        price=_optional_price(params, "limit_price", pair),
        stop_price=_optional_price(params, "trigger_price", pair),
        post_only=params.flag("post_only"),
    )


def _optional_price(params: Params, name: str, pair: Pair) -> int | None:
    return None if params.get(name) is None else orders.read_price(params, name, pair)


# --- cancel


def cancel(call: Call) -> Work:
    """`CancelOrder` by `txid`, by `cl_ord_id`, or of all orders with a `userref` given as `txid`."""
    text = call.params.get("txid")
    if text is not None and text.lstrip("-").isdigit():
        userref = Params({"userref": text}).userref()
        return lambda: _cancel_all_of(call, lambda order: order.strategy_id == userref)
    if text is None:
        call.params.client_id()
    return lambda: _cancel(call)


def _cancel(call: Call) -> Json:
    symbol, number = _named(call)
    found = call.venue.reads.order(call.account, symbol, order_id=number, now=call.venue.now_ms())
    if isinstance(found, Refusal) or not found.is_open:
        raise errors.UNKNOWN_ORDER
    _cancel_one(call, found)
    return {"count": 1}


def _cancel_one(call: Call, order: Order) -> None:
    now = call.venue.now_ms()
    age = now - order.time
    reply = call.venue.submit(CancelOrder(account=call.account, symbol=order.symbol, order_id=order.order_id))
    if isinstance(reply, Refusal):
        raise errors.refused(reply)
    if not isinstance(reply, OrderCanceled):
        raise _unexpected(reply)
    call.counters.cancel(call.account, order.symbol, age, now)


def cancel_all(call: Call) -> Work:
    """`CancelAll`: every open order of the account."""
    return lambda: _cancel_all_of(call, lambda _order: True, none_is_fine=True)


def _cancel_all_of(call: Call, wanted: Callable[[Order], bool], *, none_is_fine: bool = False) -> Json:
    chosen = [order.copy() for order in call.venue.reads.open_orders(call.account) if wanted(order)]
    if not chosen and not none_is_fine:
        raise errors.UNKNOWN_ORDER
    for order in chosen:
        _cancel_one(call, order)
    return {"count": len(chosen)}


def _unexpected(reply: object) -> TypeError:
    return TypeError(f"the engine answered {type(reply).__name__} where another reply belongs")
