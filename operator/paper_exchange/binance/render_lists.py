"""Order lists as the venue spells them."""

from paper_exchange.binance import render
from paper_exchange.binance.render import JsonObject
from paper_exchange.events import ListUpdate
from paper_exchange.list_model import OrderList
from paper_exchange.replies import ListCanceled


def listed(found: OrderList) -> JsonObject:
    """A list as every answer shows it, without the reports on its orders."""
    return {
        "orderListId": found.list_id,
        "contingencyType": found.contingency,
        "listStatusType": found.status_type,
        "listOrderStatus": found.order_status,
        "listClientOrderId": found.client_order_id,
        "transactionTime": found.time,
        "symbol": found.symbol,
        "orders": [
            {"symbol": found.symbol, "orderId": order_id, "clientOrderId": client_order_id}
            for order_id, client_order_id in found.orders
        ],
    }


def canceled(reply: ListCanceled) -> JsonObject:
    """The answer to the cancel of a list."""
    return listed(reply.order_list) | {"orderReports": [render.canceled(each) for each in reply.canceled]}


def list_status(update: ListUpdate, event_time: int) -> JsonObject:
    """`listStatus` of the user data stream."""
    found = update.order_list
    return {
        "e": "listStatus",
        "E": event_time,
        "s": found.symbol,
        "g": found.list_id,
        "c": found.contingency,
        "l": found.status_type,
        "L": found.order_status,
        "r": "NONE",
        "C": found.client_order_id,
        "T": update.transact_time,
        "O": [{"s": found.symbol, "i": order_id, "c": client_order_id} for order_id, client_order_id in found.orders],
    }
