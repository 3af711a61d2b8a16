"""The venues whose requests are captured: one entry per profile.

An entry is what ccxt needs to load one market with tick 0.01 and step 0.00001, and how a plain order looks on this
venue's wire. The requests themselves are in `wire/<exchange>.yaml`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

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

_OKX = {
    "/public/instruments": json.dumps(
        {
            "code": "0",
            "msg": "",
            "data": [
                {
                    "instType": "SPOT",
                    "instId": "BTC-USDT",
                    "baseCcy": "BTC",
                    "quoteCcy": "USDT",
                    "state": "live",
                    "tickSz": "0.01",
                    "lotSz": "0.00001",
                    "minSz": "0.00001",
                    "maxLmtSz": "9000",
                    "maxMktSz": "1000000",
                }
            ],
        }
    )
}
_BYBIT_LOTS = {
    "basePrecision": "0.00001",
    "quotePrecision": "0.0000001",
    "minOrderQty": "0.00001",
    "maxLimitOrderQty": "83",
    "maxMarketOrderQty": "41",
    "minOrderAmt": "5",
    "maxOrderAmt": "4000000",
}
_BYBIT_PAIR = {
    "symbol": "BTCUSDT",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "innovation": "0",
    "status": "Trading",
    "marginTrading": "utaOnly",
    "lotSizeFilter": _BYBIT_LOTS,
    "priceFilter": {"tickSize": "0.01"},
}
_BYBIT = {
    "/market/instruments-info": json.dumps(
        {
            "retCode": 0,
            "retMsg": "OK",
            "result": {"category": "spot", "list": [_BYBIT_PAIR]},
            "retExtInfo": {},
            "time": 1700000000000,
        }
    )
}
_COINBASE_PRODUCT = {
    "product_id": "BTC-USD",
    "price": "60000",
    "base_increment": "0.00001",
    "quote_increment": "0.01",
    "price_increment": "0.01",
    "base_min_size": "0.00001",
    "base_max_size": "3400",
    "quote_min_size": "1",
    "quote_max_size": "150000000",
    "product_type": "SPOT",
    "base_currency_id": "BTC",
    "quote_currency_id": "USD",
    "status": "online",
    "is_disabled": False,
    "trading_disabled": False,
    "cancel_only": False,
    "limit_only": False,
    "post_only": False,
    "view_only": False,
    "auction_mode": False,
    "alias": "",
    "alias_to": [],
}
_COINBASE = {
    "/market/products": json.dumps({"products": [_COINBASE_PRODUCT], "num_products": 1}),
    "/transaction_summary": json.dumps({"fee_tier": {"taker_fee_rate": "0.006", "maker_fee_rate": "0.004"}}),
}


def _pem() -> str:
    """A key of the kind that Coinbase hands out, made for this run."""
    key = ec.generate_private_key(ec.SECP256R1())
    form = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return key.private_bytes(*form).decode().strip()


SUBJECTS: tuple[WireSubject, ...] = (
    WireSubject("binance", "BTC/USDT", BINANCE, lambda sent: sent["type"] in {"MARKET", "LIMIT", "LIMIT_MAKER"}),
    WireSubject(
        "bybit", "BTC/USDT", _BYBIT, lambda sent: "triggerPrice" not in sent and sent["orderFilter"] == "Order"
    ),
    WireSubject(
        "coinbase",
        "BTC/USD",
        _COINBASE,
        lambda sent: not any(".stop_" in name for name in sent),
        secret=_pem(),
    ),
    WireSubject("kraken", "BTC/USD", _KRAKEN, lambda sent: sent["ordertype"] in {"market", "limit"}),
    WireSubject("okx", "BTC/USDT", _OKX, lambda sent: sent["ordType"] != "conditional"),
)
