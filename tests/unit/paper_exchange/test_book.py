from paper_exchange.book import Book
from paper_exchange.model import Order, OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from paper_exchange.rows import BookTicker


def resting(order_id: int, side: Side, price: int, quantity: int = 10) -> Order:
    return Order(
        order_id, "alice", "BTCUSDT", str(order_id), side, OrderType.LIMIT, TimeInForce.GTC, price, quantity,
        0, 0, 0, 0, -1, SelfTradePrevention.NONE, None, None, 0, 0, 0, OrderStatus.NEW, is_working=True,
    )  # fmt: skip


def book_of(*orders: Order) -> Book:
    book = Book()
    for order in orders:
        book.side(order.side).add(order)
    return book


def test_the_best_bid_is_the_highest_and_the_best_ask_the_lowest() -> None:
    book = book_of(
        resting(1, Side.BUY, 90), resting(2, Side.BUY, 95), resting(3, Side.SELL, 110), resting(4, Side.SELL, 105)
    )

    assert book.ticker() == BookTicker(95, 10, 105, 10)
    assert [level.price for level in book.bids] == [95, 90]
    assert [level.price for level in book.asks] == [105, 110]


def test_an_empty_side_shows_zeros() -> None:
    assert Book().ticker() == BookTicker(0, 0, 0, 0)


def test_orders_at_a_price_are_served_by_arrival() -> None:
    book = book_of(resting(7, Side.BUY, 90), resting(3, Side.BUY, 90))

    assert [order.order_id for level in book.bids for order in level.orders.values()] == [7, 3]


def test_a_removed_order_leaves_the_others_in_place() -> None:
    first, second, third = (resting(number, Side.SELL, 90) for number in (1, 2, 3))
    book = book_of(first, second, third)
    book.asks.remove(second)

    level = book.asks.best()
    assert level is not None
    assert list(level.orders) == [1, 3]
    assert level.quantity == 20


def test_an_emptied_level_disappears() -> None:
    order = resting(1, Side.SELL, 90)
    book = book_of(order)
    book.asks.remove(order)

    assert book.asks.best() is None
    assert book.asks.take_touched() == ((90, 0),)


def test_an_order_crosses_when_its_price_meets_the_other_side() -> None:
    book = book_of(resting(1, Side.SELL, 100))

    assert book.crosses(Side.BUY, 100)
    assert not book.crosses(Side.BUY, 99)
    assert not book.crosses(Side.SELL, 1)


def test_changes_are_told_once_best_first() -> None:
    book = book_of(resting(1, Side.BUY, 90), resting(2, Side.BUY, 95))

    assert book.bids.take_touched() == ((95, 10), (90, 10))
    assert book.bids.take_touched() == ()
