"""How a venue is set up before it starts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from paper_exchange.symbols import DEFAULT_SYMBOLS, Symbol
from paper_exchange.units import parse_amount


class ConfigError(ValueError):
    """A setting that cannot be; the message says what to write."""


class MarketMode(StrEnum):
    """How prices move by themselves."""

    STATIC = "static"
    """A ladder of quotes that stays where it is until it is moved."""
    WALK = "walk"
    """A seeded random walk, a step every `step_ms`."""
    REPLAY = "replay"
    """Prices of a CSV file."""


DEFAULT_PRICES = {"BTCUSDT": "60000", "ETHUSDT": "3000", "ETHBTC": "0.05", "BNBUSDT": "600"}
"""Where the quotes of the default symbols begin."""
DEFAULT_BALANCES = {"USDT": "1000000", "BTC": "10", "ETH": "100", "BNB": "1000"}
"""What an account starts with unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyConfig:
    """An API key. Without key and secret, they are generated."""

    key: str | None = None
    secret: str | None = field(default=None, repr=False)
    can_trade: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountConfig:
    """An account that exists from the start. One that the data already holds is left as it is."""

    name: str
    balances: dict[str, str] = field(default_factory=lambda: dict(DEFAULT_BALANCES))
    keys: tuple[KeyConfig, ...] = (KeyConfig(),)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketConfig:
    """A symbol and where its quotes begin, as a decimal; None leaves the book empty."""

    symbol: Symbol
    price: str | None


def default_markets() -> tuple[MarketConfig, ...]:
    """The default symbols at their default prices."""
    return tuple(MarketConfig(symbol=symbol, price=DEFAULT_PRICES[symbol.name]) for symbol in DEFAULT_SYMBOLS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A venue.

    Attributes:
        host: Address of the venue port. Only loopback makes sense: there is no TLS.
        port: The venue port; 0 takes a free one.
        control_port: The control port, on loopback only; 0 takes a free one.
        token: What the control port asks for; None generates one.
        data: Folder of the journal; None keeps everything in memory.
        seed: Of the market makers and of fault rules with a probability.
        market: How prices move by themselves.
        markets: The symbols.
        accounts: The accounts.
        step_ms: Milliseconds between steps of a walk.
        sigma: Standard deviation of a step of the walk, relative to the price, as a decimal.
        replay: The CSV file of `MarketMode.REPLAY`.
        speed: Of a replay: 2 runs twice as fast as the times in the file.
        weight_per_minute: Request weight per client address and minute.
        orders_per_10s: Unfilled orders per account and ten seconds.
        orders_per_day: Unfilled orders per account and day.
        call_counter: Of the Kraken dialect: how high an account's counter of calls may rise.
        trade_counter: The same for its orders, amends and cancels in a pair.
    """

    host: str = "127.0.0.1"
    port: int = 0
    control_port: int = 0
    token: str | None = field(default=None, repr=False)
    data: Path | None = None
    seed: int = 0
    market: MarketMode = MarketMode.STATIC
    markets: tuple[MarketConfig, ...] = field(default_factory=default_markets)
    accounts: tuple[AccountConfig, ...] = (AccountConfig(name="default"),)
    step_ms: int = 1000
    sigma: str = "0.0005"
    replay: Path | None = None
    speed: float = 1.0
    weight_per_minute: int = 6000
    orders_per_10s: int = 100
    orders_per_day: int = 200_000
    call_counter: int = 20
    trade_counter: int = 180


def parse_markets(text: str) -> tuple[MarketConfig, ...]:
    """Reads symbols as the command line gives them.

    Args:
        text: Comma-separated: default symbols by name (`BTCUSDT`), also with a price (`BTCUSDT=65000`), and others as
            `BASE/QUOTE=PRICE`, which get a tick of one millionth of the price or finer.

    Raises:
        ConfigError: A symbol that is neither.
    """
    return tuple(_parse_market(part.strip()) for part in text.split(",") if part.strip())


def _parse_market(text: str) -> MarketConfig:
    name, _, price = text.partition("=")
    known = {symbol.name: symbol for symbol in DEFAULT_SYMBOLS}
    symbol = known.get(name.replace("/", ""))
    if symbol is not None:
        return MarketConfig(symbol=symbol, price=price or DEFAULT_PRICES[symbol.name])
    base, slash, quote = name.partition("/")
    if not (slash and base and quote and price):
        raise ConfigError(
            f"{text!r} is no symbol; write one of {', '.join(known)}, or BASE/QUOTE=PRICE such as SOL/USDT=150"
        )
    return MarketConfig(symbol=_new_symbol(base.upper(), quote.upper(), price), price=price)


def _new_symbol(base: str, quote: str, price: str) -> Symbol:
    magnitude = len(price.partition(".")[0].lstrip("0"))
    decimals = min(8, max(2, 6 - magnitude))
    tick = f"0.{'0' * (decimals - 1)}1"
    step = f"0.{'0' * (max(1, magnitude) - 1)}1" if magnitude else "1"
    if parse_amount(price) == 0:
        raise ConfigError(f"the price of {base}/{quote} is zero; write the price at which its quotes begin")
    return Symbol.of(base, quote, tick=tick, step=step, min_notional="5")


def parse_account(text: str) -> AccountConfig:
    """Reads an account as the command line gives it: `NAME` or `NAME:USDT=1000,BTC=0.5`.

    Raises:
        ConfigError: A balance without an amount.
    """
    name, colon, rest = text.partition(":")
    if not name:
        raise ConfigError(f"{text!r} names no account; write NAME or NAME:USDT=1000,BTC=0.5")
    if not colon:
        return AccountConfig(name=name)
    balances: dict[str, str] = {}
    for part in rest.split(","):
        asset, _, amount = part.partition("=")
        if not asset or not amount:
            raise ConfigError(f"{part!r} is no balance; write ASSET=AMOUNT, such as USDT=1000")
        parse_amount(amount)
        balances[asset.upper()] = amount
    return AccountConfig(name=name, balances=balances)


def with_keys(accounts: Sequence[AccountConfig], texts: Sequence[str]) -> tuple[AccountConfig, ...]:
    """Gives accounts the API keys that the command line names, in place of generated ones.

    Args:
        accounts: The accounts.
        texts: Each `ACCOUNT=KEY:SECRET`; an account may have several.

    Raises:
        ConfigError: A text has another form, or names no account.
    """
    keys: dict[str, list[KeyConfig]] = {}
    for text in texts:
        name, key, secret = _parse_key(text)
        keys.setdefault(name, []).append(KeyConfig(key=key, secret=secret))
    unknown = keys.keys() - {account.name for account in accounts}
    if unknown:
        raise ConfigError(f"--key names {min(unknown)!r}, which no --account opens")
    return tuple(
        replace(account, keys=tuple(keys[account.name])) if account.name in keys else account for account in accounts
    )


def _parse_key(text: str) -> tuple[str, str, str]:
    name, equals, rest = text.partition("=")
    key, colon, secret = rest.partition(":")
    if not (equals and colon and name and key and secret):
        # The text may hold a secret, so it is not repeated.
        raise ConfigError("write --key ACCOUNT=KEY:SECRET")
    if not (key.isascii() and key.isalnum() and 16 <= len(key) <= 128):
        raise ConfigError("the KEY of --key ACCOUNT=KEY:SECRET has 16 to 128 letters and digits, as the real venue's")
    return name, key, secret
