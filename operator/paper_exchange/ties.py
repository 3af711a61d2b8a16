"""How the orders of a list end each other, and who of them may have the funds.

A pair has two orders of one side and quantity. One reservation serves both: it covers the dearer one and lies with the
first. Whichever begins to work, by its first fill or because its trigger was reached, takes it over, and the other one
expires.

A pending order has nothing set aside for it until the working order of its list is filled. Where the working order pays
for it, what that one buys is set aside with the first pending order as it comes in.
"""

from paper_exchange.list_model import OrderList
from paper_exchange.model import Order, Trade
from paper_exchange.settlement import reservation
from paper_exchange.state import Market, State, reserved_asset


def list_of(state: State, order: Order) -> OrderList | None:
    """The list that an order belongs to."""
    return state.lists.get(order.order_list_id)


def is_tied(state: State, order: Order) -> bool:
    """Whether the end of the order would be the end of others."""
    found = list_of(state, order)
    return found is not None and found.tied


def partner(state: State, order: Order) -> Order | None:
    """The open order that this one ends, or is ended by; None where it stands alone by now."""
    found = list_of(state, order)
    if found is None or not found.tied or order.is_pending or order.order_id not in found.pair:
        return None
    (other,) = (order_id for order_id in found.pair if order_id != order.order_id)
    return state.peek(order.account, order.symbol).open.get(other)


def same_size(state: State, order: Order) -> list[Order]:
    """The other order of a pair, whether it waits or rests, while neither has begun to work."""
    found = list_of(state, order)
    if found is None or not found.tied or order.order_id not in found.pair:
        return []
    return [each for each in open_orders(state, found) if each is not order and each.order_id in found.pair]


def reserve_again(state: State, market: Market, order: Order) -> None:
    """Set aside what an order needs that was changed: with its partner, or nothing for one that is pending."""
    other = partner(state, order)
    if other is not None:
        lock_together(state, market, *sorted((order, other), key=lambda each: each.order_id))
    elif not order.is_pending:
        keep(state, market, order, reservation(order))


def untie(state: State, order: Order) -> None:
    """Let an order end, or begin to work, without asking its partner again."""
    found = list_of(state, order)
    if found is not None:
        found.tied = False


def lock_together(state: State, market: Market, first: Order, second: Order) -> None:
    """Set aside what the dearer of two orders may spend; the first one keeps it for both."""
    keep(state, market, first, max(reservation(first), reservation(second)))


def keep(state: State, market: Market, order: Order, amount: int) -> None:
    """Let an order have so much set aside, whatever it had."""
    state.ledger.lock(order.account, reserved_asset(market.symbol, order.side), amount - order.reserved)
    order.reserved = amount


def set_aside(state: State, market: Market, order: Order, trade: Trade) -> None:
    """Keep what a working order has bought for the pending ones that it pays for.

    The commission comes out of the free balance where there is enough of it and the asset is not BNB, else out of what
    was bought (`faqs/opo.md`).
    """
    found = list_of(state, order)
    if found is None or not found.pays or order.order_id != found.working:
        return
    asset = market.symbol.base
    whole = asset != "BNB" and state.ledger.free(order.account, asset) >= trade.quantity
    bought = trade.quantity if whole else trade.quantity - trade.commission
    first = open_orders(state, found)[1]
    keep(state, market, first, first.reserved + bought)


def take_over(state: State, market: Market, order: Order, other: Order) -> None:
    """Give an order that begins to work what was set aside for both, and release what it does not need."""
    both = order.reserved + other.reserved
    other.reserved, order.reserved = 0, reservation(order)
    asset = reserved_asset(market.symbol, order.side)
    state.ledger.spend(order.account, asset, released=both - order.reserved, paid=0)


def dependents(state: State, found: OrderList) -> list[Order]:
    """The open orders of a list that cannot stay now that one of it has ended."""
    return open_orders(state, found) if found.tied else []


def open_orders(state: State, found: OrderList) -> list[Order]:
    """The orders of a list that can still be executed."""
    opened = state.peek(found.account, found.symbol).open
    return [opened[order_id] for order_id, _ in found.orders if order_id in opened]
