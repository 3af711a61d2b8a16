"""Requests that change an order: cancel-replace, and the amend that keeps priority."""

from enum import StrEnum
from functools import partial

from paper_exchange.answering import Json, Work
from paper_exchange.binance import errors, render_changes, values
from paper_exchange.binance.endpoint import Call, expected, refused, submitted
from paper_exchange.binance.errors import VenueError
from paper_exchange.binance.render import ResponseType
from paper_exchange.binance.trading import read_order, read_shape
from paper_exchange.order_commands import CancelOrder, CancelRestriction, ReduceOrder, ReplaceMode, ReplaceOrder
from paper_exchange.refusals import Refusal
from paper_exchange.replies import OrderCanceled, OrderPlaced, OrderReduced, OrderReplaced
from paper_exchange.venue import Venue


class OverLimit(StrEnum):
    """`orderRateLimitExceededMode`: what a cancel-replace does when the account may not place another order."""

    DO_NOTHING = "DO_NOTHING"
    CANCEL_ONLY = "CANCEL_ONLY"


def replace(venue: Venue, call: Call) -> Work:
    """`POST order/cancelReplace`, `order.cancelReplace`."""
    params = call.params
    order = read_order(venue, call)
    params.required("cancelReplaceMode")
    mode = values.word(params, "cancelReplaceMode", ReplaceMode)
    cancel = CancelOrder(
        account=call.account,
        symbol=order.symbol,
        order_id=params.integer("cancelOrderId"),
        client_order_id=params.client_order_id("cancelOrigClientOrderId"),
        cancel_client_id=params.client_order_id("cancelNewClientOrderId"),
        restriction=values.word(params, "cancelRestrictions", CancelRestriction, errors.BAD_CANCEL_RESTRICTIONS),
    )
    values.word(params, "orderRateLimitExceededMode", OverLimit)
    shape = read_shape(params, order.type)
    params.finish()
    if cancel.order_id is None and cancel.client_order_id is None:
        raise errors.missing_either("cancelOrigClientOrderId", "cancelOrderId")
    command = ReplaceOrder(cancel=cancel, order=order, mode=mode or ReplaceMode.STOP_ON_FAILURE)
    return partial(_replace, venue, command, shape)


def _replace(venue: Venue, command: ReplaceOrder, shape: ResponseType) -> Json:
    account, now = command.order.account, venue.now_ms()
    over_limit = venue.limiter.admit_order(account, now).refusal
    if over_limit:
        # Only a request with CANCEL_ONLY comes so far.
        replied = _cancel_only(venue, command, over_limit)
        status = 429 if command.mode is ReplaceMode.STOP_ON_FAILURE else None
    else:
        reply = venue.submit(command)
        if isinstance(reply, Refusal):
            raise refused(reply)
        replied, status = expected(reply, OrderReplaced), None
        if replied.placed is None:
            venue.limiter.count_order(account, now)
    return _judged(replied, shape, status)


def _cancel_only(venue: Venue, command: ReplaceOrder, over_limit: Refusal) -> OrderReplaced:
    reply = venue.submit(command.cancel)
    canceled = reply if isinstance(reply, Refusal) else expected(reply, OrderCanceled)
    not_attempted = isinstance(canceled, Refusal) and command.mode is ReplaceMode.STOP_ON_FAILURE
    return OrderReplaced(canceled, None if not_attempted else over_limit)


def _judged(replied: OrderReplaced, shape: ResponseType, status: int | None) -> Json:
    """The answer: 200 when both halves went well, 409 with -2021 when one did, 400 with -2022 when none did."""
    answer = render_changes.replaced(replied, shape)
    was_canceled, was_placed = isinstance(replied.canceled, OrderCanceled), isinstance(replied.placed, OrderPlaced)
    if was_canceled and was_placed:
        return answer
    partly = was_canceled or was_placed
    failure = errors.CANCEL_REPLACE_PARTLY if partly else errors.CANCEL_REPLACE_FAILED
    raise VenueError(failure.code, failure.message, status or failure.status, data=answer)


def amend(venue: Venue, call: Call) -> Work:
    """`PUT order/amend/keepPriority`, `order.amend.keepPriority`."""
    params = call.params
    symbol = values.symbol(params, venue.reads)
    params.required("newQty")
    command = ReduceOrder(
        account=call.account,
        symbol=symbol,
        quantity=values.amount(params, "newQty") or 0,
        order_id=params.integer("orderId"),
        client_order_id=params.client_order_id("origClientOrderId"),
        new_client_order_id=params.client_order_id("newClientOrderId"),
    )
    params.finish()
    if command.order_id is None and command.client_order_id is None:
        raise errors.missing_either("origClientOrderId", "orderId")
    return partial(_amend, venue, command)


def _amend(venue: Venue, command: ReduceOrder) -> Json:
    return render_changes.amended(submitted(venue, command, OrderReduced))


def amendments(venue: Venue, call: Call) -> Work:
    """`GET order/amendments`, `order.amendments`."""
    params = call.params
    symbol = values.symbol(params, venue.reads)
    params.required("orderId")
    order_id, first = params.integer("orderId") or 0, params.integer("fromExecutionId") or 0
    limit = params.limit(500, 1000)
    params.finish()

    def work() -> Json:
        rows = venue.reads.amendments(call.account, symbol, order_id)
        return [render_changes.amendment(symbol, row) for row in rows if row.execution_id >= first][:limit]

    return work
