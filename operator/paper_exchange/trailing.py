"""Stops that follow the price.

A trailing order fires when the price has turned by `trailing_delta` basis points, or by an amount, from the best price
that it has seen: a BUY after a rise from the lowest, a SELL after a fall from the highest, whether it is called a
stop-loss or a take-profit. With a stop price it begins to follow at the first trade that reaches the stop price;
without one it follows from the last trade before it was placed (from the next one in a market that was never traded).

Source: Binance's `faqs/trailing-stop-faq.md` and the TRAILING_DELTA filter. The FAQ contradicts itself on where an
order without a stop price begins ("from the next trade" in the text, the last trade in scenario E); the scenario is
the more exact of the two and is what happens here.
"""

from paper_exchange.model import Order, Side

BASIS_POINTS = 10_000
"""In a whole."""
NOT_YET = -1
"""`trailing_time` of an order that does not follow the price (yet)."""


def begins_at_once(distance: int, stop_price: int) -> bool:
    """Whether an order follows the price from its placement on."""
    return bool(distance) and not stop_price


def begin(order: Order, last_price: int, now: int) -> None:
    """Let an order that enters the market follow the price from its last trade on, if it does so at once."""
    if last_price and begins_at_once(order.trailing_delta or order.trailing_amount, order.stop_price):
        order.trailing_time, order.trailing_extreme = now, last_price


def firing_price(side: Side, extreme: int, trailing_delta: int, amount: int = 0) -> int:
    """The price at which an order fires that has seen `extreme` as its best one, rounded away from it.

    Args:
        side: The order's.
        extreme: The best price.
        trailing_delta: The distance in basis points.
        amount: The distance as a price, instead.
    """
    if amount:
        return extreme + amount if side is Side.BUY else extreme - amount
    if side is Side.BUY:
        return -(-extreme * (BASIS_POINTS + trailing_delta) // BASIS_POINTS)
    return extreme * (BASIS_POINTS - trailing_delta) // BASIS_POINTS


def follow(order: Order, price: int, now: int) -> bool:
    """Show a trade to an order that follows the price.

    Args:
        order: The order; its best price is moved on when the trade is better.
        price: The trade's.
        now: Its time in milliseconds.

    Returns:
        Whether the order fires.
    """
    if order.trailing_time == NOT_YET:
        order.trailing_time = now
    if not order.trailing_extreme or _is_better(order.side, price, order.trailing_extreme):
        order.trailing_extreme = price
        return False
    fires_at = firing_price(order.side, order.trailing_extreme, order.trailing_delta, order.trailing_amount)
    return price >= fires_at if order.side is Side.BUY else price <= fires_at


def _is_better(side: Side, price: int, than: int) -> bool:
    return price < than if side is Side.BUY else price > than
