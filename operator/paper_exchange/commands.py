"""What can be asked of the engine.

A command is a value: it can be journaled, replayed and compared. Each names the reply (`replies`) that it gets;
`Refusal` is always possible.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from paper_exchange.model import Fees
from paper_exchange.order_commands import (
    AmendOrder,
    CancelList,
    CancelOpenOrders,
    CancelOrder,
    PlaceOco,
    PlaceOrder,
    PlacePending,
    ReduceOrder,
    ReplaceOrder,
)
from paper_exchange.symbols import Symbol, SymbolStatus


class MakerKind(StrEnum):
    """How a symbol's quotes move."""

    LADDER = "ladder"
    WALK = "walk"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakerConfig:
    """A market maker: a deterministic function of this value and the number of the step."""

    kind: MakerKind
    mid: int
    """Price of the first step."""
    levels: int = 10
    spacing: int = 0
    """Distance between levels; 0 takes one hundredth of a percent of `mid`, at least a tick."""
    quantity: int = 0
    """Quantity per level; 0 takes what 1000 units of the quote asset buy at `mid`."""
    sigma: int = 0
    """Standard deviation of a step of the walk, relative to the price, in 1e-8."""
    seed: int = 0


# --- accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAccount:
    """Open an account. Repeating it with the same settings changes nothing. Reply: `Done`."""

    account: str
    house: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PutApiKey:
    """Add or replace a key of an account. Reply: `Done`."""

    key: str
    account: str
    secret: str = field(repr=False)
    can_trade: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApiKey:
    """Remove a key; unknown keys are fine. Reply: `Done`."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """Add to the free balance. Reply: `Done`."""

    account: str
    asset: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Take from the free balance. Reply: `Done`."""

    account: str
    asset: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFees:
    """Commission rates of an account, for one symbol or for all. Reply: `Done`."""

    account: str
    fees: Fees
    symbol: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictAccount:
    """Allow or forbid an account to trade. Reply: `Done`."""

    account: str
    can_trade: bool


# --- markets


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSymbol:
    """Add a symbol, or change the rules of one. Reply: `Done`."""

    symbol: Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSymbolStatus:
    """Halt a symbol or let it trade. Reply: `Done`."""

    symbol: str
    status: SymbolStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMaker:
    """Give a symbol a market maker (or none) and quote at once. Reply: `Done`."""

    symbol: str
    maker: MakerConfig | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMarket:
    """Advance the symbol's maker by one step. Reply: `PriceMoved`."""

    symbol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepTo:
    """Trade the market to a price. Reply: `PriceMoved`.

    Orders of customers that are in the way are executed, the maker quotes around the new price, a trade at the price is
    printed, and only then do stop orders trigger: they must find liquidity.
    """

    symbol: str
    price: int
    quantity: int | None = None
    """Quantity of the printed trade; None takes the smallest one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassTime:
    """Let the time of the command take effect: orders that are good till a date end. Reply: `Done`."""


Command = (
    PlaceOrder
    | AmendOrder
    | CancelOrder
    | ReplaceOrder
    | ReduceOrder
    | CancelOpenOrders
    | PlaceOco
    | PlacePending
    | CancelList
    | CreateAccount
    | PutApiKey
    | RevokeApiKey
    | Deposit
    | Withdraw
    | SetFees
    | RestrictAccount
    | ListSymbol
    | SetSymbolStatus
    | SetMaker
    | StepMarket
    | SweepTo
    | PassTime
)
