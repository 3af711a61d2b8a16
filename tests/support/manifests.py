"""Manifests with defaults: a limit order far below the market, an account at a local venue, its Secret."""

from collections.abc import Iterable
from typing import Any

from exchange_kernel.api.meta import API_VERSION

Json = Any


def intent(namespace: str, name: str, account: str, **spec: object) -> Json:
    """Buys 0.01 BTC at 20000; a field that is None is left out."""
    market = spec.get("type") == "Market"
    fields: dict[str, object] = {
        "accountRef": {"name": account},
        "symbol": "BTC/USDT",
        "side": "Buy",
        "type": "Limit",
        "quantity": None if "quoteQuantity" in spec else "0.010",
        "price": None if market else "20000",
        **spec,
    }
    return {
        "apiVersion": API_VERSION,
        "kind": "OrderIntent",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {name: value for name, value in fields.items() if value is not None},
    }


def group(namespace: str, name: str, account: str, legs: Iterable[Json], **spec: object) -> Json:
    """A bracket, unless the spec says otherwise; a field that is None is left out."""
    fields = {"accountRef": {"name": account}, "type": "Bracket", "symbol": "BTC/USDT", "legs": list(legs), **spec}
    return {
        "apiVersion": API_VERSION,
        "kind": "OrderGroup",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {key: value for key, value in fields.items() if value is not None},
    }


def account(namespace: str, name: str, endpoint: str, secret: str, **spec: object) -> Json:
    return {
        "apiVersion": API_VERSION,
        "kind": "ExchangeAccount",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {
            "exchange": "binance",
            "endpoint": endpoint,
            "credentialsSecretRef": {"name": secret},
            "tradingState": "Enabled",
            **spec,
        },
    }


def secret(namespace: str, name: str, key: str, secret: str, **changes: object) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "exchangekernel.dev/credentials",
        "metadata": {"namespace": namespace, "name": name},
        "stringData": {"apiKey": key, "secret": secret},
        **changes,
    }
