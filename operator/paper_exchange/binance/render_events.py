"""The events of the user data stream, with their one-letter names."""

from paper_exchange.binance.render import JsonObject, expiry_reason
from paper_exchange.events import AccountPosition, BalanceUpdate, ExecutionType, OrderUpdate
from paper_exchange.model import (
    Order,
)
from paper_exchange.units import format_amount

_ZERO = format_amount(0)


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
