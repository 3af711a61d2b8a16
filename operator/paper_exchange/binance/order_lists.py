"""Order lists: requests to commands, replies to answers."""

from functools import partial

from paper_exchange.answering import Json, Work
from paper_exchange.binance import errors, render, render_lists, values
from paper_exchange.binance.endpoint import Call, refused, submitted
from paper_exchange.binance.params import Params
from paper_exchange.binance.render import ResponseType
from paper_exchange.list_model import ListOrderStatus
from paper_exchange.model import OrderType, SelfTradePrevention, Side, TimeInForce
from paper_exchange.order_commands import CancelList, PlaceOco, PlaceOrder
from paper_exchange.refusals import CANCEL_WITHOUT_ID, Refusal
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


def status(venue: Venue, call: Call) -> Work:
    """`GET orderList`, `orderList.status`."""
    list_id = call.params.integer("orderListId")
    client_order_id = call.params.client_order_id("origClientOrderId")
    call.params.finish()
    if list_id is None and client_order_id is None:
        raise errors.missing_either("origClientOrderId", "orderListId")
    return partial(_status, venue, call.account, list_id, client_order_id)


def _status(venue: Venue, account: str, list_id: int | None, client_order_id: str | None) -> Json:
    found = venue.lookups.order_list(account, list_id, client_order_id, now=venue.now_ms())
    if isinstance(found, Refusal):
        raise refused(found)
    return render_lists.listed(found)


def all_lists(venue: Venue, call: Call) -> Work:
    """`GET allOrderList`, `allOrderLists`."""
    page = values.page(call.params, "fromId", max_span_ms=values.DAY_MS)
    call.params.finish()
    first = page.from_id or 0

    def work() -> Json:
        found = [each for each in venue.reads.order_lists(call.account) if each.list_id >= first]
        within = [
            each
            for each in found
            if (page.start is None or each.time >= page.start) and (page.end is None or each.time <= page.end)
        ]
        return [render_lists.listed(each) for each in within[-page.limit :]]

    return work


def open_lists(venue: Venue, call: Call) -> Work:
    """`GET openOrderList`, `openOrderLists.status`."""
    call.params.finish()

    def work() -> Json:
        working = ListOrderStatus.EXECUTING
        return [
            render_lists.listed(each) for each in venue.reads.order_lists(call.account) if each.order_status is working
        ]

    return work
