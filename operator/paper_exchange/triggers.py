"""Orders that wait for a price.

A stop-loss buys when the market has risen to its stop price or sells when it has fallen to it; a take-profit the other
way round. What counts is the price of trades, not of quotes. An order fires once and then is an ordinary limit or
market order. A trailing order does not fire at its stop price but begins to follow the price there (`trailing`).
"""

from bisect import bisect_left, bisect_right, insort

from paper_exchange import trailing
from paper_exchange.model import Order, OrderType, Side

_STOP_LOSSES = frozenset({OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT})


def waits_for_rise(kind: OrderType, side: Side) -> bool:
    """Whether an order of this kind fires at a price at or above its stop price, rather than at or below it."""
    return (kind in _STOP_LOSSES) == (side is Side.BUY)


def would_fire(kind: OrderType, side: Side, stop_price: int, last_price: int) -> bool:
    """Whether the last trade has reached the stop price already."""
    return last_price >= stop_price if waits_for_rise(kind, side) else last_price <= stop_price


class Triggers:
    """The waiting orders of one symbol, sorted by stop price."""

    __slots__ = ("_falling", "_following", "_orders", "_rising")

    def __init__(self) -> None:
        self._orders: dict[int, Order] = {}
        self._rising: list[tuple[int, int]] = []
        self._falling: list[tuple[int, int]] = []
        self._following: dict[int, Order] = {}

    def __len__(self) -> int:
        """Number of waiting orders."""
        return len(self._orders)

    def __contains__(self, order: Order) -> bool:
        """Whether an order waits."""
        return order.order_id in self._orders

    def _queue(self, order: Order) -> list[tuple[int, int]]:
        return self._rising if waits_for_rise(order.type, order.side) else self._falling

    def add(self, order: Order) -> None:
        """Let an order wait."""
        self._orders[order.order_id] = order
        if order.trailing_time != trailing.NOT_YET or trailing.begins_at_once(order.is_trailing, order.stop_price):
            self._following[order.order_id] = order
        else:
            insort(self._queue(order), (order.stop_price, order.order_id))

    def remove(self, order: Order) -> None:
        """Let an order wait no longer."""
        del self._orders[order.order_id]
        if self._following.pop(order.order_id, None) is None:
            self._unqueue(order)

    def _unqueue(self, order: Order) -> None:
        queue = self._queue(order)
        del queue[bisect_left(queue, (order.stop_price, order.order_id))]

    def fire(self, price: int, now: int) -> list[Order]:
        """Take out the orders that a trade has reached, oldest first.

        Args:
            price: The trade's.
            now: Its time in milliseconds.
        """
        fired = [order for order in self._following.values() if trailing.follow(order, price, now)]
        for order in self._reached(price):
            if order.is_trailing:
                self._unqueue(order)
                self._following[order.order_id] = order
                trailing.follow(order, price, now)
            else:
                fired.append(order)
        for order in fired:
            self.remove(order)
        return sorted(fired, key=lambda order: order.order_id)

    def _reached(self, price: int) -> list[Order]:
        """The orders that wait for their stop price and have reached it."""
        rising = self._rising[: bisect_right(self._rising, (price, _LAST))]
        falling = self._falling[bisect_left(self._falling, (price, 0)) :]
        return [self._orders[order_id] for _, order_id in rising + falling]


_LAST = 2**63
"""Beyond every order id."""
