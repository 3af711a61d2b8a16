"""What Binance's user data stream says.

Source [U]: binance-spot-api-docs `user-data-stream.md` and `web-socket-api.md`.
"""

from collections.abc import Mapping
from typing import Any

from exchange_kernel.exchange.hints import Hint
from exchange_kernel.exchange.profiles.canonical import number
from exchange_kernel.exchange.profiles.parts import Handshake, StreamSignal, Subscribed, Terminated

# [U] order statuses that are not final.
_WORKING = frozenset({"NEW", "PENDING_NEW", "PARTIALLY_FILLED", "PENDING_CANCEL"})
_OK = 200


def read(message: Any) -> StreamSignal | None:  # noqa: ANN401 - the venue's JSON
    """An event, or the answer to the subscription. Raises KeyError, TypeError, ValueError, ArithmeticError."""
    if not isinstance(message, Mapping):
        raise TypeError("the message is no object")
    event = message.get("event", message)
    kind = event.get("e")
    if kind == "executionReport":
        return _report(event)
    if kind in {"eventStreamTerminated", "serverShutdown"}:
        return Terminated(f"the venue has announced it: {kind}")
    if "status" in message and "id" in message:
        return _answer(message)
    return None


def _report(event: Mapping[str, Any]) -> Hint:
    """`C` names the order where `c` is the id of the request that changed it [U]."""
    return Hint(
        symbol=str(event["s"]),
        exchange_order_id=str(event["i"]),
        client_order_id=str(event.get("C") or event["c"]),
        filled=number(event["z"]),
        final=event["X"] not in _WORKING,
    )


def _answer(message: Mapping[str, Any]) -> StreamSignal:
    if message["status"] == _OK and "subscriptionId" in message.get("result", {}):
        return Subscribed()
    if message["status"] == _OK:
        return Handshake()
    error = message.get("error") or {}
    return Terminated(f"the venue refuses the subscription: {error.get('code')} {error.get('msg')}")
