"""Answers to requests that change an order: cancel-replace, and the amend that keeps priority."""

from paper_exchange.binance import render, render_lists
from paper_exchange.binance.render import JsonObject, ResponseType
from paper_exchange.model import Amendment
from paper_exchange.refusals import Refusal
from paper_exchange.replies import OrderCanceled, OrderPlaced, OrderReduced, OrderReplaced
from paper_exchange.units import format_amount


def replaced(reply: OrderReplaced, shape: ResponseType) -> JsonObject:
    """Both halves of a cancel-replace; the whole answer when both went well, the `data` of the error when not."""
    return {
        "cancelResult": _result(reply.canceled),
        "newOrderResult": _result(reply.placed),
        "cancelResponse": _half(reply.canceled, shape),
        "newOrderResponse": _half(reply.placed, shape),
    }


def _result(half: OrderCanceled | OrderPlaced | Refusal | None) -> str:
    if half is None:
        return "NOT_ATTEMPTED"
    return "FAILURE" if isinstance(half, Refusal) else "SUCCESS"


def _half(half: OrderCanceled | OrderPlaced | Refusal | None, shape: ResponseType) -> JsonObject | None:
    match half:
        case None:
            return None
        case Refusal():
            return {"code": half.code, "msg": half.message}
        case OrderCanceled():
            return render.canceled(half)
        case OrderPlaced():
            return render.placed(half, shape)


def amended(reply: OrderReduced) -> JsonObject:
    """The answer to `PUT order/amend/keepPriority`; its names are not those of other answers about orders."""
    order = reply.order
    shown: JsonObject = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.order_list_id,
        "origClientOrderId": reply.orig_client_order_id,
        "clientOrderId": order.client_order_id,
        "price": format_amount(order.price),
        "qty": format_amount(order.quantity),
        "executedQty": format_amount(order.executed),
        "preventedQty": format_amount(order.prevented),
        "quoteOrderQty": format_amount(order.quote_quantity),
        "cumulativeQuoteQty": format_amount(order.executed_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        "selfTradePreventionMode": order.prevention,
        **render.conditional(order),
    }
    if order.working_time >= 0:
        shown["workingTime"] = order.working_time
    answer: JsonObject = {"transactTime": reply.transact_time, "executionId": reply.execution_id, "amendedOrder": shown}
    if reply.order_list is not None:
        left_out = ("listStatusType", "transactionTime")
        whole = render_lists.listed(reply.order_list)
        answer["listStatus"] = {name: value for name, value in whole.items() if name not in left_out}
    return answer


def amendment(symbol: str, row: Amendment) -> JsonObject:
    """A row of `GET order/amendments`."""
    return {
        "symbol": symbol,
        "orderId": row.order_id,
        "executionId": row.execution_id,
        "origClientOrderId": row.orig_client_order_id,
        "newClientOrderId": row.new_client_order_id,
        "origQty": format_amount(row.orig_quantity),
        "newQty": format_amount(row.new_quantity),
        "time": row.time,
    }
