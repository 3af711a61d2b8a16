"""Orders, trades, balances and events as the venue spells them.

Three places show an order in three shapes: the answer to a new order (ACK, RESULT or FULL), the answer to a cancel,
and a query. The user data stream has a fourth, with one-letter names. Amounts are texts of eight decimals everywhere.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from paper_exchange.commands import OrderCanceled, OrderPlaced
from paper_exchange.events import AccountPosition, BalanceUpdate, ExecutionType, OrderUpdate
from paper_exchange.model import (
    STOP_TYPES,
    Account,
    Balance,
    Fees,
    Order,
    OrderStatus,
    OrderType,
    TimeInForce,
    Trade,
)
from paper_exchange.units import SCALE, format_amount

JsonObject = dict[str, Any]

_BASIS_POINT = SCALE // 10_000
_ZERO = format_amount(0)
_WITHOUT_LIMIT = frozenset({OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT})

_NO_DISCOUNT: JsonObject = {
    "enabledForAccount": False,
    "enabledForSymbol": False,
    "discountAsset": "BNB",
    "discount": _ZERO,
}

NOTHING = Balance(0, 0)
"""What an account holds of an asset it never had."""


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
    if order.working_time >= 0:
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
    return {
        "price": format_amount(order.price),
        "origQty": format_amount(order.quantity),
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
    if not order.is_working:
        return "REJECTED"
    if order.type in _WITHOUT_LIMIT:
        return "INSUFFICIENT_LIQUIDITY"
    if order.time_in_force is TimeInForce.FOK:
        return "UNFILLED_FOK_ORDER_EXPIRED"
    if order.time_in_force is TimeInForce.IOC:
        return "UNFILLED_IOC_QUANTITY_EXPIRED"
    return "EXCHANGE_CANCELED"


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


def account(owner: Account, balances: Iterable[tuple[str, Balance]], *, may_trade: bool) -> JsonObject:
    """`GET account`. `uid` tells the venue's accounts apart, whatever key is used."""
    fees = owner.fees
    return {
        "makerCommission": fees.maker // _BASIS_POINT,
        "takerCommission": fees.taker // _BASIS_POINT,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": _rates(fees),
        "canTrade": owner.can_trade and may_trade,
        "canWithdraw": False,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": owner.update_time,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": format_amount(held.free), "locked": format_amount(held.locked)}
            for asset, held in balances
        ],
        "permissions": ["SPOT"],
        "uid": owner.uid,
    }


def commission(symbol: str, fees: Fees) -> JsonObject:
    """`GET account/commission`. Special and tax commissions do not exist here, and BNB buys no discount."""
    none = _rates(Fees(maker=0, taker=0))
    return {
        "symbol": symbol,
        "standardCommission": _rates(fees),
        "specialCommission": none,
        "taxCommission": none,
        "discount": _NO_DISCOUNT,
    }


def order_commission(fees: Fees) -> JsonObject:
    """`POST order/test` with `computeCommissionRates`."""
    none = {"maker": _ZERO, "taker": _ZERO}
    return {
        "standardCommissionForOrder": {"maker": format_amount(fees.maker), "taker": format_amount(fees.taker)},
        "specialCommissionForOrder": none,
        "taxCommissionForOrder": none,
        "discount": _NO_DISCOUNT,
    }


def _rates(fees: Fees) -> JsonObject:
    return {
        "maker": format_amount(fees.maker),
        "taker": format_amount(fees.taker),
        "buyer": _ZERO,
        "seller": _ZERO,
    }


def execution_report(update: OrderUpdate, event_time: int) -> JsonObject:
    """`executionReport` of the user data stream."""
    order, trade = update.order, update.trade
    report: JsonObject = {
        "e": "executionReport",
        "E": event_time,
        "s": order.symbol,
        "c": update.client_order_id,
        "S": order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": format_amount(order.quantity),
        "p": format_amount(order.price),
        "P": format_amount(order.stop_price),
        "F": format_amount(order.iceberg_quantity),
        "g": order.order_list_id,
        "C": update.orig_client_order_id,
        "x": update.execution,
        "X": update.status,
        "r": update.reject_reason,
        "i": order.order_id,
        "l": format_amount(trade.quantity) if trade else _ZERO,
        "z": format_amount(order.executed),
        "L": format_amount(trade.price) if trade else _ZERO,
        "n": format_amount(trade.commission) if trade else "0",
        "N": trade.commission_asset if trade else None,
        "T": update.transact_time,
        "t": trade.trade_id if trade else -1,
        "I": update.execution_id,
        "w": update.on_book,
        "m": trade.is_maker if trade else False,
        "M": trade is not None,
        "O": order.time,
        "Z": format_amount(order.executed_quote),
        "Y": format_amount(trade.quote_quantity) if trade else _ZERO,
        "Q": format_amount(order.quote_quantity),
        "V": order.prevention,
    }
    if order.working_time >= 0:
        report["W"] = order.working_time
    if update.execution is ExecutionType.EXPIRED:
        report["eR"] = expiry_reason(order) or "EXCHANGE_CANCELED"
    return report | _report_labels(order)


def _report_labels(order: Order) -> JsonObject:
    found: JsonObject = {}
    if order.trailing_delta:
        found["d"] = order.trailing_delta
        found["D"] = order.trailing_time
    if order.strategy_id is not None:
        found["j"] = order.strategy_id
    if order.strategy_type is not None:
        found["J"] = order.strategy_type
    return found


def position(event: AccountPosition, event_time: int) -> JsonObject:
    """`outboundAccountPosition` of the user data stream."""
    return {
        "e": "outboundAccountPosition",
        "E": event_time,
        "u": event.time,
        "B": [
            {"a": asset, "f": format_amount(free), "l": format_amount(locked)} for asset, free, locked in event.balances
        ],
    }


def balance_update(event: BalanceUpdate, event_time: int) -> JsonObject:
    """`balanceUpdate` of the user data stream."""
    return {
        "e": "balanceUpdate",
        "E": event_time,
        "a": event.asset,
        "d": format_amount(event.delta),
        "T": event.time,
    }
