"""How many orders an account has, against a limit of its owner or of the venue.

A group's entry is only sent when its exits have places, too: with it the places are kept until the group has ended. An
entry that was filled while its stop found no place would stand without protection.
"""

from dataclasses import dataclass

from exchange_kernel.api.enums import OrderType

# Orders that wait for a price; venues count them apart, and take few of them.
WAITING = frozenset(
    {
        OrderType.STOP_MARKET,
        OrderType.STOP_LIMIT,
        OrderType.TAKE_PROFIT_MARKET,
        OrderType.TAKE_PROFIT_LIMIT,
        OrderType.TRAILING_STOP_MARKET,
    }
)


@dataclass(frozen=True, slots=True)
class Need:
    """The places that the exits of a group need at once.

    Attributes:
        orders: Orders that rest at the venue.
        waiting: Those of them that wait for a price.
    """

    orders: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Places:
    """What an order finds taken. Counted only where a limit, or a group with an entry, asks for it.

    Attributes:
        others: Other orders of the account that work or are under way, and the places that are kept.
        here: Those in the order's market, orders that no OrderIntent owns included.
        waiting_here: Those of `here` that wait for a price.
        kept: A place is kept for this order: it is an exit, and its group's entry was sent.
        exits: What is to be kept from now on, the order being the entry of a group; None for any other.
        is_exit: The order is an exit of a group with an entry: it takes back what that has done, and raises nothing.
    """

    others: int = 0
    here: int = 0
    waiting_here: int = 0
    kept: bool = False
    exits: Need | None = None
    is_exit: bool = False
