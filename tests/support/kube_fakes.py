"""Builders of objects as the API server stores them, and a transport that answers from a script."""

from typing import Any

import orjson

from exchange_kernel.api.meta import API_VERSION, ObjectMeta
from exchange_kernel.api.order_receipt import OrderReceipt
from exchange_kernel.kube.transport import Answer, Request

TIME = "2026-01-02T03:04:05Z"


def meta(**changes: object) -> ObjectMeta:
    """Metadata of an object that the API server stores."""
    values = {"namespace": "desk", "name": "entry", "uid": "uid-1", "resourceVersion": "7", **changes}
    return ObjectMeta.model_validate(values)


def intent_object(name: str = "entry", namespace: str = "desk", **spec: object) -> dict[str, Any]:
    """An OrderIntent as a user applies it."""
    order = {"symbol": "BTC/USDT", "side": "Buy", "type": "Limit", "quantity": "0.1", "price": "20000"}
    reference = {"name": "paper", "namespace": "trading-accounts"}
    return {
        "apiVersion": API_VERSION,
        "kind": "OrderIntent",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"accountRef": reference, **order, **spec},
    }


def stored(obj: dict[str, Any], **changes: object) -> dict[str, Any]:
    """The same object with the metadata that the API server adds."""
    metadata = {"uid": "uid-1", "resourceVersion": "7", "generation": 1, "creationTimestamp": TIME}
    return {**obj, "metadata": {**obj["metadata"], **metadata, **changes}}


def receipt(
    name: str = "receipt-1", outcome: str = "Pending", account: str = "paper", **changes: object
) -> OrderReceipt:
    """A receipt with one placement."""
    placement = {
        "clientOrderId": "c0ffee",
        "revision": 0,
        "attempt": 1,
        "quantity": "0.1",
        "price": "20000",
        "holder": "host/1",
        "sendWindowSeconds": "5",
        "outcome": outcome,
        "recordedAt": TIME,
    }
    identity = {
        "accountNamespace": "trading-accounts",
        "accountName": account,
        "intentNamespace": "desk",
        "keyKind": "Name",
        "key": "entry",
    }
    values = {
        "metadata": {"name": name},
        "identity": identity,
        "claimant": {"namespace": "desk", "name": "entry", "uid": "uid-1"},
        "fingerprint": "f1",
        "firstQuantity": "0.1",
        "venueAccountId": "v1",
        "journalUid": "j1",
        "outcome": "Pending" if outcome == "Pending" else "Resolved",
        "placements": [placement],
    }
    return OrderReceipt.from_object(values | changes)


def answer(status: int, body: object = None, retry_after: str | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, orjson.dumps(body if body is not None else {}), retry_after)


def refusal(status: int, reason: str, message: str = "no", retry_after: str | None = None) -> Answer:
    """An answer with the Status object of an error."""
    return answer(status, {"kind": "Status", "reason": reason, "message": message, "code": status}, retry_after)


class ScriptedTransport:
    """Gives the answers of a list, one per request (errors are raised), and keeps the requests."""

    def __init__(self, *script: Answer | Exception) -> None:
        self.requests: list[Request] = []
        self.renewals = 0
        self._script = list(script)

    async def send(self, request: Request, *, renew_login: bool = False) -> Answer:
        self.requests.append(request)
        self.renewals += renew_login
        step = self._script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    async def close(self) -> None:
        pass


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.naps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds
