"""Orders and trades as the venue spells them.

Three places show an order in three shapes: the answer to a new order (ACK, RESULT or FULL), the answer to a cancel,
and a query; the user data stream has a fourth (`render_events`). Amounts are texts of eight decimals everywhere.
"""

from enum import StrEnum
from typing import Any

from paper_exchange.model import STOP_TYPES, Order, OrderStatus, OrderType, TimeInForce, Trade
from paper_exchange.replies import OrderCanceled, OrderPlaced
from paper_exchange.units import format_amount

JsonObject = dict[str, Any]

_UNFILLED = {
    TimeInForce.FOK: "UNFILLED_FOK_ORDER_EXPIRED",
    TimeInForce.IOC: "UNFILLED_IOC_QUANTITY_EXPIRED",
}
_WITHOUT_LIMIT = frozenset({OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT})


class ResponseType(StrEnum):
    """`newOrderRespType`: how much the answer to a new order says."""

    ACK = "ACK"
    RESULT = "RESULT"
    FULL = "FULL"


def placed(reply: OrderPlaced, shape: ResponseType) -> JsonObject:
    """The answer to `POST order`."""
    order = reply.order
    answer: JsonObject = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.order_list_id,
        "clientOrderId": order.client_order_id,
        "transactTime": reply.transact_time,
    }
    if shape is ResponseType.ACK:
        return answer
    answer |= _state(order)
    if order.working_time >= 0 or order.order_list_id >= 0:
        answer["workingTime"] = order.working_time
    if shape is ResponseType.FULL:
        answer["fills"] = [fill(trade) for trade in reply.fills]
    return answer | conditional(order)


def fill(trade: Trade) -> JsonObject:
    """One trade in the FULL answer to a new order."""
    return {
        "price": format_amount(trade.price),
        "qty": format_amount(trade.quantity),
        "commission": format_amount(trade.commission),
        "commissionAsset": trade.commission_asset,
        "tradeId": trade.trade_id,
    }


def canceled(reply: OrderCanceled) -> JsonObject:
    """The answer to a cancel: `clientOrderId` is the cancel's own id, the order's is `origClientOrderId`."""
    order = reply.order
    return {
        "symbol": order.symbol,
        "origClientOrderId": order.client_order_id,
        "orderId": order.order_id,
        "orderListId": order.order_list_id,
        "clientOrderId": reply.cancel_client_id,
        "transactTime": reply.transact_time,
        **_state(order),
        **conditional(order),
    }


def queried(order: Order) -> JsonObject:
    """An order as `GET order`, `openOrders` and `allOrders` show it."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.order_list_id,
        "clientOrderId": order.client_order_id,
        "price": format_amount(order.price),
        "origQty": format_amount(order.quantity),
        "executedQty": format_amount(order.executed),
        "cummulativeQuoteQty": format_amount(order.executed_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        "stopPrice": format_amount(order.stop_price),
        "icebergQty": format_amount(order.iceberg_quantity),
        "time": order.time,
        "updateTime": order.update_time,
        "isWorking": order.is_working,
        "workingTime": order.working_time,
        "origQuoteOrderQty": format_amount(order.quote_quantity),
        "selfTradePreventionMode": order.prevention,
        **_labels(order),
    }


def _state(order: Order) -> JsonObject:
    # What an order is to sell that waits for its working order to be paid from is not known yet.
    quantity = {} if order.is_pending and not order.quantity else {"origQty": format_amount(order.quantity)}
    return {
        "price": format_amount(order.price),
        **quantity,
        "executedQty": format_amount(order.executed),
        "origQuoteOrderQty": format_amount(order.quote_quantity),
        "cummulativeQuoteQty": format_amount(order.executed_quote),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        "selfTradePreventionMode": order.prevention,
    }


def conditional(order: Order) -> JsonObject:
    """Fields of answers to trading requests that appear only where they mean something."""
    found = _labels(order)
    if order.type in STOP_TYPES:
        found["stopPrice"] = format_amount(order.stop_price)
    if order.iceberg_quantity:
        found["icebergQty"] = format_amount(order.iceberg_quantity)
    return found


def _labels(order: Order) -> JsonObject:
    found: JsonObject = {}
    if order.trailing_delta:
        found["trailingDelta"] = order.trailing_delta
        found["trailingTime"] = order.trailing_time
    if order.strategy_id is not None:
        found["strategyId"] = order.strategy_id
    if order.strategy_type is not None:
        found["strategyType"] = order.strategy_type
    if order.prevented:
        found["preventedQuantity"] = format_amount(order.prevented)
    reason = expiry_reason(order)
    if reason is not None:
        found["expiryReason"] = reason
    return found


def expiry_reason(order: Order) -> str | None:
    """Why an expired order expired, by the venue's names; None for orders that did not."""
    if order.status is not OrderStatus.EXPIRED:
        return None
    if order.expiry:
        return order.expiry
    if not order.is_working:
        return "REJECTED"
    if order.type in _WITHOUT_LIMIT:
        return "INSUFFICIENT_LIQUIDITY"
    return _UNFILLED.get(order.time_in_force, "EXCHANGE_CANCELED")


def my_trade(trade: Trade) -> JsonObject:
    """A row of `myTrades`."""
    return {
        "symbol": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "orderListId": trade.order_list_id,
        "price": format_amount(trade.price),
        "qty": format_amount(trade.quantity),
        "quoteQty": format_amount(trade.quote_quantity),
        "commission": format_amount(trade.commission),
        "commissionAsset": trade.commission_asset,
        "time": trade.time,
        "isBuyer": trade.is_buyer,
        "isMaker": trade.is_maker,
        "isBestMatch": True,
    }
