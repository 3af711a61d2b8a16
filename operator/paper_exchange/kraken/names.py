"""Kraken's names of assets and pairs: BTC is XBT, and the old ones carry an X or a Z."""

from dataclasses import dataclass
from typing import Final

from paper_exchange.kraken import errors
from paper_exchange.reads import Reads
from paper_exchange.symbols import Symbol

_ALTERNATIVE: Final = {"BTC": "XBT", "DOGE": "XDG"}
_PREFIXED: Final = {
    **{name: f"X{_ALTERNATIVE.get(name, name)}" for name in ("BTC", "DOGE", "ETC", "ETH", "LTC", "MLN", "REP", "XLM")},
    **{name: f"X{name}" for name in ("XMR", "XRP", "ZEC")},
    **{name: f"Z{name}" for name in ("AUD", "CAD", "EUR", "GBP", "JPY", "USD")},
}


def asset_id(asset: str) -> str:
    """The venue's name of an asset, as balances carry it: BTC is XXBT, USDT stays."""
    return _PREFIXED.get(asset, asset)


def altname(asset: str) -> str:
    """The short name of an asset: BTC is XBT, ETH stays."""
    return _ALTERNATIVE.get(asset, asset)


@dataclass(frozen=True, slots=True)
class Pair:
    """A symbol by its three names here.

    Attributes:
        symbol: The engine's.
        pair_id: Key of AssetPairs: prefixed where both assets are (`XETHXXBT`), short elsewhere (`XBTUSDT`).
        altname: `ETHXBT`, as orders carry it.
        wsname: `ETH/XBT`.
    """

    symbol: Symbol
    pair_id: str
    altname: str
    wsname: str

    @property
    def price_decimals(self) -> int:
        """`pair_decimals`."""
        return _decimals(self.symbol.tick_size)

    @property
    def lot_decimals(self) -> int:
        """`lot_decimals`."""
        return _decimals(self.symbol.step_size)


def pair_of(symbol: Symbol) -> Pair:
    """The names of a symbol."""
    base, quote = altname(symbol.base), altname(symbol.quote)
    both = symbol.base in _PREFIXED and symbol.quote in _PREFIXED
    pair_id = asset_id(symbol.base) + asset_id(symbol.quote) if both else base + quote
    return Pair(symbol, pair_id, base + quote, f"{base}/{quote}")


def pairs(reads: Reads) -> tuple[Pair, ...]:
    """All listed pairs."""
    return tuple(pair_of(symbol) for symbol in reads.symbols())


def find_pair(reads: Reads, name: str) -> Pair:
    """The pair that any of its names means.

    Raises:
        KrakenError: EQuery:Unknown asset pair.
    """
    for pair in pairs(reads):
        if name in {pair.pair_id, pair.altname, pair.wsname}:
            return pair
    raise errors.UNKNOWN_PAIR


def _decimals(step: int) -> int:
    """Decimals of a grid in 1e-8 units."""
    decimals = 8
    while decimals and step and step % 10 == 0:
        step, decimals = step // 10, decimals - 1
    return decimals
