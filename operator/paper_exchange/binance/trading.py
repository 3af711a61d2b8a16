"""Placing and canceling: requests to commands, replies to answers."""

from functools import partial
from typing import Final

from paper_exchange.answering import Json, Work
from paper_exchange.binance import errors, render, render_account, render_lists, values
from paper_exchange.binance.endpoint import Call, refused, submitted
from paper_exchange.binance.params import Params
from paper_exchange.binance.render import ResponseType
from paper_exchange.model import OrderType, SelfTradePrevention, Side, TimeInForce
from paper_exchange.order_commands import CancelOpenOrders, CancelOrder, CancelRestriction, PlaceOrder
from paper_exchange.refusals import CANCEL_WITHOUT_ID
from paper_exchange.replies import ListCanceled, OrderCanceled, OrderPlaced, OrdersCanceled
from paper_exchange.venue import Venue

_FULL_BY_DEFAULT: Final = frozenset({OrderType.MARKET, OrderType.LIMIT})


def place(venue: Venue, call: Call) -> Work:
    """`POST order`, `order.place`."""
    command = read_order(venue, call)
    shape = read_shape(call.params, command.type)
    call.params.finish()
    return partial(_place, venue, command, shape)


def _place(venue: Venue, command: PlaceOrder, shape: ResponseType) -> Json:
    return render.placed(submitted(venue, command, OrderPlaced), shape)


def test(venue: Venue, call: Call) -> Work:
    """`POST order/test`, `order.test`: judges an order without placing it."""
    command = read_order(venue, call)
    read_shape(call.params, command.type)
    with_rates = call.params.boolean("computeCommissionRates", default=False)
    call.params.finish()
    return partial(_test, venue, call, command, with_rates=with_rates)


def _test(venue: Venue, call: Call, command: PlaceOrder, *, with_rates: bool) -> Json:
    refusal = venue.check(command)
    if refusal is not None:
        raise refused(refusal)
    if not with_rates:
        return {}
    return render_account.order_commission(venue.reads.fees(call.account, command.symbol))


def read_order(venue: Venue, call: Call) -> PlaceOrder:
    """The order that the parameters describe. Which of them its type needs or forbids is the engine's to say.

    Raises:
        VenueError: A parameter is absent, malformed or unknown to its enum.
    """
    params = call.params
    symbol = values.symbol(params, venue.reads)
    params.required("side")
    params.required("type")
    side = values.word(params, "side", Side, errors.BAD_SIDE)
    kind = values.word(params, "type", OrderType, errors.BAD_ORDER_TYPE)
    if side is None or kind is None:
        raise errors.missing("side" if side is None else "type")
    return PlaceOrder(
        account=call.account,
        symbol=symbol,
        side=side,
        type=kind,
        time_in_force=values.word(params, "timeInForce", TimeInForce, errors.BAD_TIME_IN_FORCE),
        quantity=values.amount(params, "quantity"),
        quote_quantity=values.amount(params, "quoteOrderQty"),
        price=values.amount(params, "price"),
        stop_price=values.amount(params, "stopPrice"),
        trailing_delta=params.integer("trailingDelta"),
        iceberg_quantity=values.amount(params, "icebergQty"),
        client_order_id=params.client_order_id("newClientOrderId"),
        prevention=values.word(params, "selfTradePreventionMode", SelfTradePrevention),
        strategy_id=params.integer("strategyId"),
        strategy_type=params.integer("strategyType"),
    )


def read_shape(params: Params, kind: OrderType) -> ResponseType:
    """`newOrderRespType`: MARKET and LIMIT answer in full unless told otherwise, all others acknowledge only.

    Raises:
        VenueError: -1130.
    """
    default = ResponseType.FULL if kind in _FULL_BY_DEFAULT else ResponseType.ACK
    return values.word(params, "newOrderRespType", ResponseType) or default


def cancel(venue: Venue, call: Call) -> Work:
    """`DELETE order`, `order.cancel`."""
    params = call.params
    command = CancelOrder(
        account=call.account,
        symbol=values.symbol(params, venue.reads),
        order_id=params.integer("orderId"),
        client_order_id=params.client_order_id("origClientOrderId"),
        cancel_client_id=params.client_order_id("newClientOrderId"),
        restriction=values.word(params, "cancelRestrictions", CancelRestriction, errors.BAD_CANCEL_RESTRICTIONS),
    )
    params.finish()
    if command.order_id is None and command.client_order_id is None:
        raise refused(CANCEL_WITHOUT_ID)
    return partial(_cancel, venue, command)


def _cancel(venue: Venue, command: CancelOrder) -> Json:
    return render.canceled(submitted(venue, command, OrderCanceled))


def cancel_all(venue: Venue, call: Call) -> Work:
    """`DELETE openOrders`, `openOrders.cancelAll`."""
    command = CancelOpenOrders(account=call.account, symbol=values.symbol(call.params, venue.reads))
    call.params.finish()
    return partial(_cancel_all, venue, command)


def _cancel_all(venue: Venue, command: CancelOpenOrders) -> Json:
    return [
        render_lists.canceled(entry) if isinstance(entry, ListCanceled) else render.canceled(entry)
        for entry in submitted(venue, command, OrdersCanceled).canceled
    ]
