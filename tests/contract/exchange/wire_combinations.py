"""Every order that the API can describe, and what real ccxt makes of it on the wire.

The combinations are the product of the API's enums with every optional field there or not: most contradict themselves,
and none of those may reach the wire. Each number is another one, so that a request that mixes two up is seen.
"""

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from contract.exchange.raw_venue import RawVenue, Received
from contract.exchange.wire_subjects import WireSubject
from exchange_kernel.api.enums import OrderType, Side, TimeInForce
from exchange_kernel.core.outcomes import CreateOutcome
from exchange_kernel.core.requests import OrderRequest, TrailingOffset
from exchange_kernel.exchange.ccxt_adapter import CcxtExchange
from exchange_kernel.exchange.ccxt_client import Access
from exchange_kernel.exchange.connect import SYSTEM_CLOCKS
from exchange_kernel.exchange.profiles import profile_of

CLIENT_ID = "0123456789abcdef0123456789abcdef"
QUANTITY, QUOTE, PRICE, TRIGGER = Decimal("0.01230"), Decimal("123.40"), Decimal("61000.50"), Decimal("59000.20")
EXPIRE_AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
TRAILINGS = (
    None,
    TrailingOffset(Decimal("1.250"), "Percent"),
    TrailingOffset(Decimal("1.250"), "Percent", Decimal("62000.70")),
    TrailingOffset(Decimal("750.50"), "Amount"),
    TrailingOffset(Decimal("750.50"), "Amount", Decimal("62000.70")),
)


def combinations(symbol: str) -> Iterator[OrderRequest]:
    """All of them."""
    fields = itertools.product(
        [side.value for side in Side],
        [kind.value for kind in OrderType],
        [tif.value for tif in TimeInForce],
        (False, True),
        (False, True),
        ((QUANTITY, None), (None, QUOTE)),
        (None, PRICE),
        (None, TRIGGER),
        TRAILINGS,
        (None, EXPIRE_AT),
    )
    for side, kind, tif, post_only, reduce_only, (quantity, quote), price, trigger, trailing, expire_at in fields:
        yield OrderRequest(
            CLIENT_ID,
            symbol,
            side,
            kind,
            quantity,
            quote,
            price,
            trigger,
            tif,
            post_only,
            reduce_only,
            trailing,
            expire_at,
        )


def name_of(order: OrderRequest) -> str:
    """How a row of the table is called: side, type, time in force, and every optional field that is there."""
    parts = [order.side, order.type, order.time_in_force]
    parts += ["postOnly"] if order.post_only else []
    parts += ["reduceOnly"] if order.reduce_only else []
    parts += ["quoteQuantity"] if order.quote_quantity is not None else []
    parts += ["price"] if order.price is not None else []
    parts += ["triggerPrice"] if order.trigger_price is not None else []
    if order.trailing is not None:
        parts.append(f"trailing{order.trailing.offset_type}")
        parts += ["activationPrice"] if order.trailing.activation_price is not None else []
    parts += ["expireAt"] if order.expire_at is not None else []
    return " ".join(parts)


@dataclass(frozen=True)
class Seen:
    """What became of one combination.

    Attributes:
        order: The combination.
        outcome: What the adapter says.
        requests: What arrived at the venue.
    """

    order: OrderRequest
    outcome: CreateOutcome
    requests: tuple[Received, ...]


async def capture(subject: WireSubject) -> list[Seen]:
    """Send every combination through real ccxt to a server that writes down what arrives."""
    async with RawVenue(subject.served) as venue:
        keys = {"apiKey": "key", "secret": subject.secret, "password": "password"}
        access = Access(profile_of(subject.exchange), keys, endpoint=venue.url)
        exchange = CcxtExchange(access, SYSTEM_CLOCKS, report=lambda _: None)
        try:
            await exchange.load_markets()
            seen = []
            for order in combinations(subject.symbol):
                before = len(venue.received)
                outcome = await exchange.create_order(order, lambda: None)
                seen.append(Seen(order, outcome, tuple(venue.received[before:])))
            return seen
        finally:
            await exchange.close()


def row_of(subject: WireSubject, request: Received) -> dict[str, Any]:
    """A request as the table has it: method, path, and the parameters that do not change with every request."""
    drop = subject.volatile | profile_of(subject.exchange).unchecked_parameters
    sent = {name: value for name, value in parameters(request).items() if name not in drop}
    return {"request": f"{request.method} {request.path}", "parameters": dict(sorted(sent.items()))}


def parameters(request: Received) -> Mapping[str, str]:
    """Query and body by (dotted) names."""
    if not request.body.startswith("{"):
        return request.params
    return dict(_flat(json.loads(request.body, parse_float=str, parse_int=str), "")) | dict(
        parse_qsl(request.path.partition("?")[2])
    )


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _flat(inner, f"{name}.{index}")
    else:
        yield name, value if isinstance(value, str) else json.dumps(value)
