"""How an unmodified ccxt is pointed at this venue, by configuration alone."""

from typing import Any

import ccxt.pro


def ccxt_config(base_url: str, *, api_key: str | None = None, secret: str | None = None) -> dict[str, Any]:
    """The configuration for `ccxt.binance`, `ccxt.async_support.binance` and `ccxt.pro.binance`.

    Three things need care. ccxt merges a configuration into its own, so the addresses of the real venue's other
    services (sapi, fapi, dapi ...) would stay in the instance, and calls to them would go out with the user's keys:
    every address that this version of ccxt knows is taken out, and such calls fail before they reach a socket. ccxt
    picks its table of spot errors by the real venue's host name: the table is given to it. And the three options keep
    `load_markets` from asking for currencies and margins, which are not part of the spot API.

    Args:
        base_url: The venue's address, such as `http://127.0.0.1:8080`.
        api_key: The account's API key, for everything but market data.
        secret: The key's secret.

    Returns:
        A plain dictionary: `ccxt.pro.binance(ccxt_config(url, api_key=..., secret=...))`.
    """
    base = base_url.rstrip("/")
    described = ccxt.pro.binance().describe()
    config: dict[str, Any] = {
        "urls": {"api": _addresses(described["urls"]["api"], base)},
        "options": {
            "fetchMarkets": {"types": ["spot"]},
            "fetchCurrencies": False,
            "fetchMargins": False,
            "fetchOpenOrders": {"warnWithoutSymbol": False},
        },
        "exceptions": {"exact": dict(described["exceptions"]["spot"]["exact"])},
        "streaming": {"keepAlive": 15_000},
    }
    if api_key is not None:
        config["apiKey"] = api_key
    if secret is not None:
        config["secret"] = secret
    return config


def kraken_config(base_url: str, *, api_key: str | None = None, secret: str | None = None) -> dict[str, Any]:
    """The configuration for `ccxt.kraken` and `ccxt.async_support.kraken`.

    Its addresses are two, and every other one that ccxt knows (zendesk, the websockets) is taken out.

    Args:
        base_url: The venue's address, such as `http://127.0.0.1:8080`.
        api_key: The account's API key, for everything but market data.
        secret: The key's secret; here it has to be base64, as generated ones are.

    Returns:
        A plain dictionary: `ccxt.async_support.kraken(kraken_config(url, api_key=..., secret=...))`.
    """
    base = base_url.rstrip("/")
    known = ccxt.pro.kraken().describe()["urls"]["api"]
    config: dict[str, Any] = {"urls": {"api": {**dict.fromkeys(known), "public": base, "private": base}}}
    if api_key is not None:
        config["apiKey"] = api_key
    if secret is not None:
        config["secret"] = secret
    return config


def _addresses(known: dict[str, Any], base: str) -> dict[str, Any]:
    """Every address that ccxt knows: this venue's where it answers, None everywhere else."""
    stream = "ws" + base.removeprefix("http")
    spot = {"spot": f"{stream}/ws", "margin": f"{stream}/ws"}
    ws_api = dict.fromkeys(known["ws"]["ws-api"]) | {"spot": f"{stream}/ws-api/v3"}
    return {
        **dict.fromkeys(known),
        "public": f"{base}/api/v3",
        "private": f"{base}/api/v3",
        "ws": {**dict.fromkeys(known["ws"]), **spot, "ws-api": ws_api},
    }
