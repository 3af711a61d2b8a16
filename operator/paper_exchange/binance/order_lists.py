"""Placing and canceling order lists: requests to commands, replies to answers."""

from dataclasses import replace
from functools import partial

from paper_exchange.answering import Json, Work
from paper_exchange.binance import errors, render, render_lists, values
from paper_exchange.binance.endpoint import Call, refused, submitted
from paper_exchange.binance.params import Params
from paper_exchange.binance.render import ResponseType
from paper_exchange.model import OrderType, SelfTradePrevention, Side, TimeInForce
from paper_exchange.order_commands import CancelList, PlaceOco, PlaceOrder, PlacePending
from paper_exchange.refusals import CANCEL_WITHOUT_ID
from paper_exchange.replies import ListCanceled, ListPlaced
from paper_exchange.venue import Venue


def place_oco(venue: Venue, call: Call) -> Work:
    """`POST orderList/oco`, `orderList.place.oco`."""
    params = call.params
    shared = _sized(params, "quantity", _sided(params, "side", _shared(venue, call)))
    command = PlaceOco(
        above=_leg(params, "above", shared),
        below=_leg(params, "below", shared),
        list_client_order_id=params.client_order_id("listClientOrderId"),
    )
    return _finish(venue, params, command)


def place_oto(venue: Venue, call: Call) -> Work:
    """`POST orderList/oto`, `orderList.place.oto`."""
    return _place_pending(venue, call, ("pending",), pays=False)


def place_otoco(venue: Venue, call: Call) -> Work:
    """`POST orderList/otoco`, `orderList.place.otoco`."""
    return _place_pending(venue, call, ("pendingAbove", "pendingBelow"), pays=False)


def place_opo(venue: Venue, call: Call) -> Work:
    """`POST orderList/opo`, `orderList.place.opo`."""
    return _place_pending(venue, call, ("pending",), pays=True)


def place_opoco(venue: Venue, call: Call) -> Work:
    """`POST orderList/opoco`, `orderList.place.opoco`."""
    return _place_pending(venue, call, ("pendingAbove", "pendingBelow"), pays=True)


def _place_pending(venue: Venue, call: Call, places: tuple[str, ...], *, pays: bool) -> Work:
    params = call.params
    shared = _shared(venue, call)
    working = _sized(params, "workingQuantity", _sided(params, "workingSide", shared))
    pending = _sided(params, "pendingSide", shared)
    if not pays:
        pending = _sized(params, "pendingQuantity", pending)
    command = PlacePending(
        working=_leg(params, "working", working, waits=False),
        pending=tuple(_leg(params, place, pending) for place in places),
        pays=pays,
        list_client_order_id=params.client_order_id("listClientOrderId"),
    )
    return _finish(venue, params, command)


def _shared(venue: Venue, call: Call) -> PlaceOrder:
    """What all orders of a list have in common; side, type and quantity are stand-ins."""
    return PlaceOrder(
        account=call.account,
        symbol=values.symbol(call.params, venue.reads),
        side=Side.BUY,
        type=OrderType.LIMIT,
        prevention=values.word(call.params, "selfTradePreventionMode", SelfTradePrevention),
    )


def _sided(params: Params, name: str, order: PlaceOrder) -> PlaceOrder:
    return replace(order, side=values.required_word(params, name, Side, errors.BAD_SIDE))


def _sized(params: Params, name: str, order: PlaceOrder) -> PlaceOrder:
    params.required(name)
    return replace(order, quantity=values.amount(params, name))


def _leg(params: Params, place: str, shared: PlaceOrder, *, waits: bool = True) -> PlaceOrder:
    """One order of a list, whose parameters begin with its place; one that never `waits` has no parameters for it."""
    order = replace(
        shared,
        type=values.required_word(params, f"{place}Type", OrderType, errors.BAD_ORDER_TYPE),
        time_in_force=values.word(params, f"{place}TimeInForce", TimeInForce, errors.BAD_TIME_IN_FORCE),
        price=values.amount(params, f"{place}Price"),
        iceberg_quantity=values.amount(params, f"{place}IcebergQty"),
        client_order_id=params.client_order_id(f"{place}ClientOrderId"),
        strategy_id=params.integer(f"{place}StrategyId"),
        strategy_type=params.integer(f"{place}StrategyType"),
    )
    if not waits:
        return order
    return replace(
        order,
        stop_price=values.amount(params, f"{place}StopPrice"),
        trailing_delta=params.integer(f"{place}TrailingDelta"),
    )


def _finish(venue: Venue, params: Params, command: PlaceOco | PlacePending) -> Work:
    shape = values.word(params, "newOrderRespType", ResponseType) or ResponseType.RESULT
    params.finish()
    return partial(_place, venue, command, shape)


def _place(venue: Venue, command: PlaceOco | PlacePending, shape: ResponseType) -> Json:
    answer = submitted(venue, command, ListPlaced)
    reports = [render.placed(each, shape) for each in answer.placed]
    return render_lists.listed(answer.order_list) | {"orderReports": reports}


def cancel(venue: Venue, call: Call) -> Work:
    """`DELETE orderList`, `orderList.cancel`."""
    params = call.params
    command = CancelList(
        account=call.account,
        symbol=values.symbol(params, venue.reads),
        list_id=params.integer("orderListId"),
        list_client_order_id=params.client_order_id("listClientOrderId"),
        cancel_client_id=params.client_order_id("newClientOrderId"),
    )
    params.finish()
    if command.list_id is None and command.list_client_order_id is None:
        raise refused(CANCEL_WITHOUT_ID)
    return partial(_cancel, venue, command)


def _cancel(venue: Venue, command: CancelList) -> Json:
    return render_lists.canceled(submitted(venue, command, ListCanceled))
