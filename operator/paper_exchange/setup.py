"""From a configuration to a venue that is ready: symbols, accounts, keys, quotes.

What the data already holds is left as it is, so that a restart changes nothing.
"""

import secrets
from collections.abc import Sequence

from paper_exchange.commands import (
    Command,
    CreateAccount,
    Deposit,
    ListSymbol,
    MakerConfig,
    MakerKind,
    PutApiKey,
    SetMaker,
)
from paper_exchange.config import AccountConfig, Config, ConfigError, MarketConfig, MarketMode
from paper_exchange.model import ApiKey
from paper_exchange.refusals import Refusal
from paper_exchange.runtime import LiveVenue
from paper_exchange.units import parse_amount


def prepare_venue(venue: LiveVenue, config: Config, keys: Sequence[ApiKey] = ()) -> None:
    """Creates what is missing.

    Args:
        venue: The venue.
        config: What it should hold.
        keys: Keys that go to their accounts instead of generated ones.

    Raises:
        ConfigError: The venue refuses a part of the configuration.
    """
    for market in config.markets:
        if venue.reads.symbol(market.symbol.name) is None:
            list_market(venue, market, config)
    for account in config.accounts:
        if venue.reads.account(account.name) is None:
            _create(venue, account, [key for key in keys if key.account == account.name])


def list_market(venue: LiveVenue, market: MarketConfig, config: Config) -> None:
    """Lists a symbol and lets it quote.

    Raises:
        ConfigError: The venue refuses it.
    """
    require(venue, ListSymbol(symbol=market.symbol))
    if market.price is None:
        return
    moves = config.market is MarketMode.WALK
    maker = MakerConfig(
        kind=MakerKind.WALK if moves else MakerKind.LADDER,
        mid=parse_amount(market.price),
        sigma=parse_amount(config.sigma) if moves else 0,
        seed=config.seed,
    )
    require(venue, SetMaker(symbol=market.symbol.name, maker=maker))


def _create(venue: LiveVenue, account: AccountConfig, keys: Sequence[ApiKey]) -> None:
    require(venue, CreateAccount(account=account.name))
    for asset, amount in account.balances.items():
        require(venue, Deposit(account=account.name, asset=asset, amount=parse_amount(amount)))
    for key in keys:
        require(venue, PutApiKey(key=key.key, account=key.account, secret=key.secret, can_trade=key.can_trade))
    for wanted in () if keys else account.keys:
        key_id, secret = wanted.key or new_key(), wanted.secret or new_key()
        require(venue, PutApiKey(key=key_id, account=account.name, secret=secret, can_trade=wanted.can_trade))


def require(venue: LiveVenue, command: Command) -> None:
    """Carries out a command that has to succeed.

    Raises:
        ConfigError: It was refused.
    """
    reply = venue.submit(command)
    if isinstance(reply, Refusal):
        raise ConfigError(f"{type(command).__name__}: {reply.message}")


def new_key() -> str:
    """64 random hexadecimal digits, of the length of the real venue's keys and secrets."""
    return secrets.token_hex(32)
