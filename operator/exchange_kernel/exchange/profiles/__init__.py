"""The venues that the operator can trade on: one file each."""

from collections.abc import Mapping
from types import MappingProxyType

from exchange_kernel.exchange.port import ProfileMissing
from exchange_kernel.exchange.profiles.base import VenueProfile
from exchange_kernel.exchange.profiles.binance import BinanceSpot
from exchange_kernel.exchange.profiles.bybit import BybitSpot
from exchange_kernel.exchange.profiles.coinbase import CoinbaseSpot
from exchange_kernel.exchange.profiles.kraken import KrakenSpot
from exchange_kernel.exchange.profiles.okx import OkxSpot

_ALL: tuple[VenueProfile, ...] = (
    BinanceSpot(),
    BybitSpot(),
    CoinbaseSpot(),
    KrakenSpot(),
    OkxSpot(),
)
PROFILES: Mapping[tuple[str, str], VenueProfile] = MappingProxyType({(p.name, p.market_type): p for p in _ALL})


def profile_of(exchange: str, market_type: str = "Spot") -> VenueProfile:
    """The profile of a venue.

    Args:
        exchange: ccxt id, as in ExchangeAccount.spec.exchange.
        market_type: Spot or Swap.

    Raises:
        ProfileMissing: There is none; the message lists those that exist.
    """
    profile = PROFILES.get((exchange, market_type))
    if profile is None:
        known = ", ".join(f"{name} ({kind})" for name, kind in sorted(PROFILES))
        raise ProfileMissing(f"no profile for exchange {exchange!r} with market type {market_type}; there are: {known}")
    return profile
