"""What a rule is asked: may this order enter this venue as it stands now?"""

from collections.abc import Callable
from dataclasses import dataclass

from paper_exchange import liquidity
from paper_exchange.model import SelfTradePrevention
from paper_exchange.order_commands import PlaceOrder
from paper_exchange.refusals import Refusal
from paper_exchange.state import Holding, Market, State
from paper_exchange.symbols import Symbol


@dataclass(slots=True)
class Question:
    """All that a rule may look at."""

    state: State
    market: Market
    order: PlaceOrder
    holding: Holding
    reference: int
    """Average price of the filters; 0 when the symbol was never traded."""

    @property
    def symbol(self) -> Symbol:
        """The symbol's rules."""
        return self.market.symbol

    @property
    def prevention(self) -> SelfTradePrevention:
        """The mode that will apply."""
        return self.order.prevention or self.symbol.default_prevention

    @property
    def offers(self) -> liquidity.Offers:
        """What the order would meet in the book."""
        opposite = self.market.book.opposite(self.order.side)
        return liquidity.offers(opposite, self.order.account, self.prevention)


Rule = Callable[[Question], Refusal | None]
"""No, for a reason, or nothing to object."""
