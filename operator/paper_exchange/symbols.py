"""The markets of the venue, and their trading rules."""

from dataclasses import dataclass
from enum import StrEnum

from paper_exchange.model import OrderType, SelfTradePrevention
from paper_exchange.units import SCALE, parse_amount


class SymbolStatus(StrEnum):
    """Whether a symbol trades. Outside TRADING new orders are refused; cancels still work."""

    TRADING = "TRADING"
    HALT = "HALT"
    BREAK = "BREAK"


class NotionalFilter(StrEnum):
    """Which of the two minimum-value filters a symbol announces."""

    NOTIONAL = "NOTIONAL"
    MIN_NOTIONAL = "MIN_NOTIONAL"


SUPPORTED_TYPES = tuple(OrderType)
"""What the engine can execute now; exchangeInfo announces these and nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """A market and its trading rules. Zero switches a rule off, as in Binance's `filters.md`."""

    name: str
    base: str
    quote: str
    tick_size: int
    step_size: int
    min_price: int
    max_price: int
    min_quantity: int
    max_quantity: int
    market_step_size: int = 0
    market_min_quantity: int = 0
    market_max_quantity: int = 0
    notional_filter: NotionalFilter = NotionalFilter.NOTIONAL
    min_notional: int = 0
    max_notional: int = 0
    min_notional_applies_to_market: bool = True
    max_notional_applies_to_market: bool = False
    average_price_minutes: int = 5
    bid_multiplier_up: int = 5 * SCALE
    bid_multiplier_down: int = SCALE // 5
    ask_multiplier_up: int = 5 * SCALE
    ask_multiplier_down: int = SCALE // 5
    max_orders: int = 200
    max_algo_orders: int = 5
    max_position: int = 0
    min_trailing_above: int = 10
    """Of a trailing order that fires above (stop-loss BUY, take-profit SELL by its stop price), in basis points."""
    max_trailing_above: int = 2_000
    min_trailing_below: int = 10
    max_trailing_below: int = 2_000
    max_amends: int = 10
    """How often one order may be amended."""
    max_order_lists: int = 20
    allow_trailing_stop: bool = True
    allow_amend: bool = True
    allow_cancel_replace: bool = True
    order_types: tuple[OrderType, ...] = SUPPORTED_TYPES
    default_prevention: SelfTradePrevention = SelfTradePrevention.EXPIRE_MAKER
    allowed_preventions: tuple[SelfTradePrevention, ...] = tuple(SelfTradePrevention)

    @classmethod
    def of(
        cls,
        base: str,
        quote: str,
        *,
        tick: str,
        step: str,
        min_notional: str,
    ) -> "Symbol":
        """A symbol with the usual proportions, from decimal strings.

        Raises:
            AmountError: One of the texts is not a decimal.
        """
        tick_size, step_size = parse_amount(tick), parse_amount(step)
        return cls(
            name=base + quote,
            base=base,
            quote=quote,
            tick_size=tick_size,
            step_size=step_size,
            min_price=tick_size,
            max_price=1_000_000 * SCALE,
            min_quantity=step_size,
            max_quantity=9_000 * SCALE,
            min_notional=parse_amount(min_notional),
            max_notional=9_000_000 * SCALE,
        )


DEFAULT_SYMBOLS = (
    Symbol.of("BTC", "USDT", tick="0.01", step="0.00001", min_notional="5"),
    Symbol.of("ETH", "USDT", tick="0.01", step="0.0001", min_notional="5"),
    Symbol.of("ETH", "BTC", tick="0.00001", step="0.0001", min_notional="0.0001"),
    Symbol.of("BNB", "USDT", tick="0.01", step="0.001", min_notional="5"),
)
"""What a venue lists unless it is told otherwise; the grids are those Binance announced for these symbols."""
