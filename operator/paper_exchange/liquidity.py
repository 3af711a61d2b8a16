"""What an order would meet in the book, looked at before anything is executed.

FOK must know whether all of it can be filled, a MARKET order whether the account can pay for it: both walk the book the
way execution will, self-trade prevention included.
"""

from collections.abc import Iterator

from paper_exchange.book import BookSide
from paper_exchange.model import SelfTradePrevention, Side
from paper_exchange.units import SCALE, mul_down

Offers = Iterator[tuple[int, int]]
"""Price and quantity of one resting order after the other, best first."""


def offers(
    side: BookSide, account: str, prevention: SelfTradePrevention, worst: tuple[Side, int] | None = None
) -> Offers:
    """Price and quantity of each order that the account would be executed against, best first.

    Args:
        side: The side of the book that the order takes from.
        account: Whose order it is.
        prevention: The order's mode of self-trade prevention.
        worst: The order's side and limit price; None for MARKET.
    """
    for level in side:
        if worst and not within(worst[0], worst[1], level.price):
            return
        for resting in level.orders.values():
            if resting.account == account and prevention is not SelfTradePrevention.NONE:
                if prevention is SelfTradePrevention.EXPIRE_MAKER:
                    continue
                return
            yield level.price, resting.remaining


def within(side: Side, limit: int, price: int) -> bool:
    """Whether a limit order of this side may be executed at the price."""
    return price <= limit if side is Side.BUY else price >= limit


def fillable(found: Offers, quantity: int) -> bool:
    """Whether all of the quantity can be executed."""
    for _, offered in found:
        quantity -= offered
        if quantity <= 0:
            return True
    return False


def cost(found: Offers, quantity: int) -> int:
    """Quote amount of executing the quantity, or as much of it as is offered."""
    total = 0
    for price, offered in found:
        taken = min(quantity, offered)
        total += mul_down(price, taken)
        quantity -= taken
        if not quantity:
            break
    return total


def quantity_for(found: Offers, quote: int, step: int) -> int:
    """Base quantity, in whole steps, that executing a quote amount takes."""
    total = 0
    for price, offered in found:
        taken = min(offered, affordable(quote, price, step))
        total += taken
        quote -= mul_down(price, taken)
        if taken < offered:
            break
    return total


def affordable(quote: int, price: int, step: int) -> int:
    """Base quantity, in whole steps, that a quote amount is worth at a price."""
    quantity = quote * SCALE // price
    return quantity - quantity % step if step else quantity
