"""Messages of clients on a market stream connection: SUBSCRIBE and its kin."""

from typing import Any

import orjson

from paper_exchange.binance.connection import Connection
from paper_exchange.binance.market_streams import MarketStreams

Json = Any
_METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")


class _BadRequestError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def answer(streams: MarketStreams, connection: Connection, text: str) -> str:
    """Does what a message asks for; returns the text of the answer."""
    identifier: Json = None
    try:
        message = _parse(text)
        identifier = message.get("id")
        result = _do(streams, connection, message)
    except _BadRequestError as error:
        refusal = {"error": {"code": error.code, "msg": str(error)}, "id": identifier}
        return orjson.dumps(refusal).decode()
    return orjson.dumps({"result": result, "id": identifier}).decode()


def _parse(text: str) -> dict[str, Json]:
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _BadRequestError(3, f"Invalid JSON: {error}") from None
    if not isinstance(message, dict) or "method" not in message:
        raise _BadRequestError(2, "Invalid request: missing field `method` at line 1 column 1")
    return message


def _do(streams: MarketStreams, connection: Connection, message: dict[str, Json]) -> Json:
    params = message.get("params") or []
    if not isinstance(params, list):
        raise _BadRequestError(2, "Invalid request: params must be a list")
    names = [str(name) for name in params]
    match message["method"]:
        case "SUBSCRIBE":
            if not streams.subscribe(connection, names):
                raise _BadRequestError(2, "Invalid request: invalid stream")
        case "UNSUBSCRIBE":
            streams.unsubscribe(connection, names)
        case "LIST_SUBSCRIPTIONS":
            return streams.names(connection)
        case "SET_PROPERTY" | "GET_PROPERTY":
            return _property(streams, connection, params, sets=message["method"] == "SET_PROPERTY")
        case unknown:
            known = ", ".join(f"`{name}`" for name in _METHODS)
            raise _BadRequestError(2, f"Invalid request: unknown variant `{unknown}`, expected one of {known}")
    return None


def _property(streams: MarketStreams, connection: Connection, params: list[Json], *, sets: bool) -> Json:
    if not params or params[0] != "combined":
        raise _BadRequestError(0, "Unknown property")
    if not sets:
        return connection in streams.combined
    if len(params) != 2 or not isinstance(params[1], bool):
        raise _BadRequestError(1, "Invalid value type: expected Boolean")
    if params[1]:
        streams.combined.add(connection)
    else:
        streams.combined.discard(connection)
    return None
