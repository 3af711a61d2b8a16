"""Orders that wait for a price.

A stop-loss buys when the market has risen to its stop price or sells when it has fallen to it; a take-profit the other
way round. What counts is the price of trades, not of quotes. An order fires once and then is an ordinary limit or
market order.
"""

from bisect import bisect_left, bisect_right, insort

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

    __slots__ = ("_falling", "_orders", "_rising")

    def __init__(self) -> None:
        self._orders: dict[int, Order] = {}
        self._rising: list[tuple[int, int]] = []
        self._falling: list[tuple[int, int]] = []

    def __len__(self) -> int:
        """Number of waiting orders."""
        return len(self._orders)

    def _queue(self, order: Order) -> list[tuple[int, int]]:
        return self._rising if waits_for_rise(order.type, order.side) else self._falling

    def add(self, order: Order) -> None:
        """Let an order wait."""
        self._orders[order.order_id] = order
        insort(self._queue(order), (order.stop_price, order.order_id))

    def remove(self, order: Order) -> None:
        """Let an order wait no longer."""
        del self._orders[order.order_id]
        queue = self._queue(order)
        del queue[bisect_left(queue, (order.stop_price, order.order_id))]

    def fire(self, lowest: int, highest: int) -> list[Order]:
        """Take out the orders that trades between two prices have reached, oldest first."""
        rising = self._rising[: bisect_right(self._rising, (highest, _LAST))]
        falling = self._falling[bisect_left(self._falling, (lowest, 0)) :]
        fired = [self._orders[order_id] for order_id in sorted(order_id for _, order_id in rising + falling)]
        for order in fired:
            self.remove(order)
        return fired


_LAST = 2**63
"""Beyond every order id."""
