"""The order book of one symbol: price-time priority.

A level keeps its orders in a dict, which remembers the order of arrival, finds the oldest at once and removes any order
in constant time. Changing an order's quantity in place therefore keeps its priority.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator

from paper_exchange.model import Order, Side
from paper_exchange.rows import BookTicker


class Level:
    """All orders at one price, oldest first."""

    __slots__ = ("orders", "price", "quantity")

    def __init__(self, price: int) -> None:
        self.price = price
        self.quantity = 0
        self.orders: dict[int, Order] = {}

    @property
    def oldest(self) -> Order:
        """The order that is executed next."""
        return next(iter(self.orders.values()))


class BookSide:
    """One side of the book."""

    __slots__ = ("_is_bid", "_levels", "_prices", "touched")

    def __init__(self, *, is_bid: bool) -> None:
        self._is_bid = is_bid
        self._levels: dict[int, Level] = {}
        self._prices: list[int] = []
        self.touched: set[int] = set()
        """Prices whose quantity has changed since the last book change was published."""

    def best(self) -> Level | None:
        """The level that is executed next."""
        if not self._prices:
            return None
        return self._levels[self._prices[-1 if self._is_bid else 0]]

    def __iter__(self) -> Iterator[Level]:
        """Levels, best first."""
        for price in reversed(self._prices) if self._is_bid else self._prices:
            yield self._levels[price]

    def take_touched(self) -> tuple[tuple[int, int], ...]:
        """Price and new quantity of the levels that have changed since the last call, best first."""
        levels, prices = self._levels, sorted(self.touched, reverse=self._is_bid)
        self.touched.clear()
        return tuple([(price, levels[price].quantity if price in levels else 0) for price in prices])

    def add(self, order: Order) -> None:
        """Put an order behind those at its price."""
        level = self._levels.get(order.price)
        if level is None:
            level = self._levels[order.price] = Level(order.price)
            insort(self._prices, order.price)
        level.orders[order.order_id] = order
        level.quantity += order.remaining
        self.touched.add(order.price)

    def reduce(self, order: Order, quantity: int) -> None:
        """Take quantity off an order's level: it was executed. The order keeps its place."""
        self._levels[order.price].quantity -= quantity
        self.touched.add(order.price)

    def remove(self, order: Order) -> None:
        """Take an order off the book, with what remains of it."""
        level = self._levels[order.price]
        del level.orders[order.order_id]
        level.quantity -= order.remaining
        self.touched.add(order.price)
        if not level.orders:
            del self._levels[order.price]
            del self._prices[bisect_left(self._prices, order.price)]


class Book:
    """Both sides, and the number of the last published change."""

    __slots__ = ("asks", "bids", "update_id")

    def __init__(self) -> None:
        self.bids = BookSide(is_bid=True)
        self.asks = BookSide(is_bid=False)
        self.update_id = 0

    def side(self, side: Side) -> BookSide:
        """Where orders of this side rest."""
        return self.bids if side is Side.BUY else self.asks

    def opposite(self, side: Side) -> BookSide:
        """What an order of this side is executed against."""
        return self.asks if side is Side.BUY else self.bids

    def crosses(self, side: Side, price: int) -> bool:
        """Whether an order at this price would be executed at once."""
        best = self.opposite(side).best()
        if best is None:
            return False
        return best.price <= price if side is Side.BUY else best.price >= price

    def ticker(self) -> BookTicker:
        """Best prices and their quantities."""
        bid, ask = self.bids.best(), self.asks.best()
        return BookTicker(
            bid.price if bid else 0,
            bid.quantity if bid else 0,
            ask.price if ask else 0,
            ask.quantity if ask else 0,
        )
