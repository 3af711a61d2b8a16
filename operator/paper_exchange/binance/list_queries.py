"""Questions about order lists, and the pages of their history."""

from functools import partial

from paper_exchange.answering import Json, Work
from paper_exchange.binance import errors, render_lists, values
from paper_exchange.binance.endpoint import Call, refused
from paper_exchange.list_model import ListOrderStatus
from paper_exchange.refusals import Refusal
from paper_exchange.venue import Venue


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
    if page.from_id is not None and (page.start is not None or page.end is not None):
        raise errors.bad_combination()
    return lambda: [
        render_lists.listed(each) for each in venue.lookups.all_lists(call.account, page, now=venue.now_ms())
    ]


def open_lists(venue: Venue, call: Call) -> Work:
    """`GET openOrderList`, `openOrderLists.status`."""
    call.params.finish()
    return lambda: [
        render_lists.listed(each)
        for each in venue.lookups.order_lists(call.account, now=venue.now_ms())
        if each.order_status is ListOrderStatus.EXECUTING
    ]
