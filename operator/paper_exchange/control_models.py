"""What the control port takes. Every field is checked, and a field it does not know is refused."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from paper_exchange.binance.sessions import StreamAction, StreamKind
from paper_exchange.model import Fees
from paper_exchange.order_commands import CancelOrder
from paper_exchange.symbols import SymbolStatus
from paper_exchange.units import parse_amount


def _amount(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError('write amounts as decimal strings, such as "0.5"')  # noqa: TRY004 - pydantic reports ValueError
    return parse_amount(value)


Amount = Annotated[int, BeforeValidator(_amount)]
"""A decimal string in requests, 1e-8 units here."""


class Body(BaseModel):
    """A JSON object."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ClockBody(Body):
    """Exactly one of: let it run shifted, stop it, move it on."""

    skew_ms: int | None = None
    stop_at_ms: int | None = None
    advance_ms: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _one(self) -> "ClockBody":
        if sum(value is not None for value in (self.skew_ms, self.stop_at_ms, self.advance_ms)) != 1:
            raise ValueError("write exactly one of skew_ms, stop_at_ms and advance_ms")
        return self


class PriceBody(Body):
    """Trade the market of a symbol to a price."""

    symbol: str
    price: Amount
    quantity: Amount | None = None


class StepBody(Body):
    """Let a symbol's market maker take steps."""

    symbol: str
    steps: int = Field(default=1, ge=1, le=10_000)


class SymbolsBody(Body):
    """New symbols, as the command line takes them: `SOL/USDT=150,XRP/USDT=0.5`."""

    symbols: str


class StatusBody(Body):
    """Halt a symbol, or let it trade."""

    status: SymbolStatus


class KeyBody(Body):
    """A new API key; generated where not given."""

    key: str | None = Field(default=None, pattern="^[A-Za-z0-9]{16,128}$")
    secret: str | None = Field(default=None, min_length=1)
    can_trade: bool = True


class AccountBody(Body):
    """A new account."""

    name: str = Field(pattern="^[A-Za-z0-9._-]{1,64}$")
    balances: dict[str, Amount] = Field(default_factory=dict)
    keys: tuple[KeyBody, ...] = (KeyBody(),)


class MoneyBody(Body):
    """An amount of an asset."""

    asset: str = Field(pattern="^[A-Z0-9]{1,20}$")
    amount: Annotated[Amount, Field(gt=0)]


class AssetBody(Body):
    """An asset."""

    asset: str = Field(pattern="^[A-Z0-9]{1,20}$")


class TradingBody(Body):
    """Whether an account may trade."""

    enabled: bool


class FeesBody(Body):
    """Commission rates, as decimals: "0.001" is 0.1 %."""

    maker: Amount
    taker: Amount
    symbol: str | None = None

    def fees(self) -> Fees:
        """The rates."""
        return Fees(maker=self.maker, taker=self.taker)


class CancelBody(Body):
    """An order of a customer, canceled by the venue."""

    account: str
    symbol: str
    order_id: int | None = None
    client_order_id: str | None = None

    def command(self) -> CancelOrder:
        """The cancel."""
        return CancelOrder(
            account=self.account, symbol=self.symbol, order_id=self.order_id, client_order_id=self.client_order_id
        )


class ModesBody(Body):
    """Standing modes; what is not sent stays."""

    lookup_lag_ms: int | None = Field(default=None, ge=0, le=600_000)
    maintenance: bool | None = None


class LimitsBody(Body):
    """Rate limits; what is not sent stays, zero switches one off."""

    weight_per_minute: int | None = Field(default=None, ge=0)
    orders_per_10s: int | None = Field(default=None, ge=0)
    orders_per_day: int | None = Field(default=None, ge=0)
    forgiven: int | None = Field(default=None, ge=0)
    call_counter: int | None = Field(default=None, ge=0)
    call_counter_decay_milli: int | None = Field(default=None, ge=0)
    trade_counter: int | None = Field(default=None, ge=0)
    trade_counter_decay_milli: int | None = Field(default=None, ge=0)
    pardon: str | None = None
    """An address whose used weight and bans are forgotten."""


class StreamsBody(Body):
    """What happens to open websockets now; without `on` and `account` to all of them."""

    do: StreamAction
    on: StreamKind | None = None
    account: str | None = None
    code: int = Field(default=1001, ge=1000, le=4999)
    """Close code of `close`."""


class RestartBody(Body):
    """An outage."""

    down_ms: int = Field(default=0, ge=0, le=600_000)
    forget: bool = False
