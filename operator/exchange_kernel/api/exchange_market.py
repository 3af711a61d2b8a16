"""ExchangeMarket: the rules of one market of an account, for strategies that size their orders.

One object per symbol, and no prices in it: it changes when the venue changes its rules, which is seldom, so that
everybody can watch. Written by the operator alone; what it says is what an order is judged by.
"""

from typing import Annotated, ClassVar

from pydantic import Field

from exchange_kernel.api.base import IMMUTABLE, Observed
from exchange_kernel.api.enums import OrderType, TimeInForce
from exchange_kernel.api.lists import UNIQUE, map_list
from exchange_kernel.api.meta import Column, KindInfo, KubeObject
from exchange_kernel.api.scalars import AnyDecimal, Currency, Name, ShortText, SignedDecimal, Symbol, Time


class MarketOrderType(Observed):
    """One order type that can be placed on the market."""

    type: OrderType
    """Value of an OrderIntent's spec.type."""

    time_in_force: Annotated[tuple[TimeInForce, ...], Field(max_length=8), UNIQUE] = ()
    """Values of spec.timeInForce that it can have, sorted."""

    post_only: bool = False
    """Whether it can be postOnly."""

    reduce_only: bool = False
    """Whether it can be reduceOnly."""


class ExchangeMarket(KubeObject):
    """The rules of one market of an ExchangeAccount: steps, minima, maxima, order types, fees. It has no prices.

    The operator writes it in the account's namespace when the rules change; edits are overwritten.
    """

    INFO: ClassVar[KindInfo] = KindInfo(
        kind="ExchangeMarket",
        plural="exchangemarkets",
        short_names=("xm",),
        selectable_fields=(".account", ".symbol"),
        columns=(
            Column("Base", ".base"),
            Column("Quote", ".quote"),
            Column("Tick", ".priceTick"),
            Column("Step", ".quantityStep"),
            Column("Min-Notional", ".minNotional"),
            Column("Active", ".active", "boolean"),
            Column("Account", ".account", wide=True),
            Column("Symbol", ".symbol", wide=True),
            Column("Min-Quantity", ".minQuantity", wide=True),
            Column("As-Of", ".asOf", "date", wide=True),
        ),
    )
    model_config = Observed.model_config
    REPLACEMENT = "it belongs to one market of one account; the operator writes another object for another"

    account: Annotated[Name, IMMUTABLE]
    """Name of the ExchangeAccount, in the same namespace."""

    symbol: Annotated[Symbol, IMMUTABLE]
    """The market in ccxt's unified form, the value of an OrderIntent's spec.symbol."""

    exchange: ShortText = ""
    """ccxt's id of the exchange."""

    base: Currency
    """Asset that is bought or sold."""

    quote: Currency
    """Asset in which prices are."""

    settle: Currency | None = None
    """Asset in which a swap is settled; absent on spot."""

    active: bool
    """Whether the venue trades it; orders for a market that is not active are Denied."""

    delisted_at: Time | None = None
    """When the operator found that the venue does not list the market any more; the object is removed some time after
    that."""

    price_tick: AnyDecimal
    """Prices are multiples of this (quote per base); 0: any price."""

    quantity_step: AnyDecimal
    """Quantities are multiples of this (base currency, or contracts); 0: any quantity."""

    min_quantity: AnyDecimal | None = None
    """Smallest quantity of an order (base currency, or contracts); absent where there is no such rule."""

    max_quantity: AnyDecimal | None = None
    """Largest quantity of an order (base currency, or contracts)."""

    market_max_quantity: AnyDecimal | None = None
    """Largest quantity of a Market order, where that is another (base currency, or contracts)."""

    min_notional: AnyDecimal | None = None
    """Smallest worth of an order (quote currency)."""

    max_notional: AnyDecimal | None = None
    """Largest worth of an order (quote currency)."""

    min_price: AnyDecimal | None = None
    """Lowest price of an order (quote per base)."""

    max_price: AnyDecimal | None = None
    """Highest price of an order (quote per base)."""

    min_trailing_percent: AnyDecimal | None = None
    """Smallest offset of a trailing stop, in percent."""

    max_trailing_percent: AnyDecimal | None = None
    """Largest offset of a trailing stop, in percent."""

    contract_size: AnyDecimal | None = None
    """Worth of one contract, in the base currency; absent on spot."""

    maker_fee: SignedDecimal | None = None
    """Fee of a resting order as a fraction (0.001 is 0.1 %), negative for a rebate; absent where it is not known."""

    taker_fee: SignedDecimal | None = None
    """Fee of an order that takes, as a fraction; absent where it is not known."""

    order_types: Annotated[tuple[MarketOrderType, ...], Field(max_length=16), map_list("type")] = ()
    """What can be placed; anything else is Denied before it is sent."""

    quote_quantity: bool = False
    """Whether a Market Buy can be given by quoteQuantity."""

    as_of: Time
    """When these facts last changed, as the operator saw it."""
