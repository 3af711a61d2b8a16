"""Order lists: requests to commands, replies to answers."""

from functools import partial

from paper_exchange.answering import Json, Work
from paper_exchange.binance import errors, render, render_lists, values
from paper_exchange.binance.endpoint import Call, refused, submitted
from paper_exchange.binance.params import Params
from paper_exchange.binance.render import ResponseType
from paper_exchange.model import OrderType, SelfTradePrevention, Side, TimeInForce
from paper_exchange.order_commands import CancelList, PlaceOco, PlaceOrder
from paper_exchange.refusals import CANCEL_WITHOUT_ID
from paper_exchange.replies import ListCanceled, ListPlaced
from paper_exchange.venue import Venue


def place_oco(venue: Venue, call: Call) -> Work:
    """`POST orderList/oco`, `orderList.place.oco`."""
    params = call.params
    symbol = values.symbol(params, venue.reads)
    params.required("side")
    params.required("quantity")
    side, quantity = values.word(params, "side", Side, errors.BAD_SIDE), values.amount(params, "quantity")
    if side is None:
        raise errors.missing("side")
    prevention = values.word(params, "selfTradePreventionMode", SelfTradePrevention)
    shared = PlaceOrder(
        account=call.account,
        symbol=symbol,
        side=side,
        type=OrderType.LIMIT_MAKER,
        quantity=quantity,
        prevention=prevention,
    )
    command = PlaceOco(
        above=_leg(params, "above", shared),
        below=_leg(params, "below", shared),
        list_client_order_id=params.client_order_id("listClientOrderId"),
    )
    shape = values.word(params, "newOrderRespType", ResponseType) or ResponseType.RESULT
    params.finish()
    return partial(_place, venue, command, shape)


def _leg(params: Params, place: str, shared: PlaceOrder) -> PlaceOrder:
    params.required(f"{place}Type")
    kind = values.word(params, f"{place}Type", OrderType, errors.BAD_ORDER_TYPE)
    if kind is None:
        raise errors.missing(f"{place}Type")
    return PlaceOrder(
        account=shared.account,
        symbol=shared.symbol,
        side=shared.side,
        type=kind,
        quantity=shared.quantity,
        time_in_force=values.word(params, f"{place}TimeInForce", TimeInForce, errors.BAD_TIME_IN_FORCE),
        price=values.amount(params, f"{place}Price"),
        stop_price=values.amount(params, f"{place}StopPrice"),
        trailing_delta=params.integer(f"{place}TrailingDelta"),
        iceberg_quantity=values.amount(params, f"{place}IcebergQty"),
        client_order_id=params.client_order_id(f"{place}ClientOrderId"),
        prevention=shared.prevention,
        strategy_id=params.integer(f"{place}StrategyId"),
        strategy_type=params.integer(f"{place}StrategyType"),
    )


def _place(venue: Venue, command: PlaceOco, shape: ResponseType) -> Json:
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
