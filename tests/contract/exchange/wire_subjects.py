"""The venues whose requests are captured: one entry per profile.

An entry is what ccxt needs to load one market with tick 0.01 and step 0.00001, and how a plain order looks on this
venue's wire. The requests themselves are in `wire/<exchange>.yaml`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contract.exchange.raw_venue import BINANCE


@dataclass(frozen=True)
class WireSubject:
    """One venue.

    Attributes:
        exchange: Name of the profile.
        symbol: ccxt symbol of the market.
        served: Answers by the end of the path, for loading the markets.
        is_plain: Whether a request (its parameters by dotted names) is a market or limit order without a trigger.
        secret: In the form that the venue's signature needs.
        volatile: Parameters that change with every request, beside those that the profile does not compare.
    """

    exchange: str
    symbol: str
    served: Mapping[str, str]
    is_plain: Callable[[Mapping[str, str]], bool]
    secret: str = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
    volatile: frozenset[str] = frozenset()


_KRAKEN_PAIR = {
    "altname": "XBTUSD",
    "wsname": "XBT/USD",
    "base": "XXBT",
    "quote": "ZUSD",
    "pair_decimals": 2,
    "lot_decimals": 5,
    "fees": [[0, 0.26]],
    "fees_maker": [[0, 0.16]],
    "leverage_buy": [],
    "ordermin": "0.0001",
    "costmin": "0.5",
    "tick_size": "0.01",
    "status": "online",
}
_KRAKEN_ASSET = {"aclass": "currency", "decimals": 8, "display_decimals": 5, "status": "enabled"}
_KRAKEN = {
    "/AssetPairs": json.dumps({"error": [], "result": {"XXBTZUSD": _KRAKEN_PAIR}}),
    "/Assets": json.dumps(
        {
            "error": [],
            "result": {"XXBT": _KRAKEN_ASSET | {"altname": "XBT"}, "ZUSD": _KRAKEN_ASSET | {"altname": "USD"}},
        }
    ),
}

SUBJECTS: tuple[WireSubject, ...] = (
    WireSubject("binance", "BTC/USDT", BINANCE, lambda sent: sent["type"] in {"MARKET", "LIMIT", "LIMIT_MAKER"}),
    WireSubject("kraken", "BTC/USD", _KRAKEN, lambda sent: sent["ordertype"] in {"market", "limit"}),
)
