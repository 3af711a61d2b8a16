"""Where the orders of a list meet: whoever comes last sends for both, in one request.

Each comes with its own record and its own permit. The request goes out only while both permits are open and both gates
let it out; its outcome is the outcome of both. An order whose partner does not come while its permit is open was
provably not sent.
"""

import asyncio
from dataclasses import dataclass

from exchange_kernel.core.order_lists import ListTicket, list_id
from exchange_kernel.core.outcomes import CreateOutcome, NotPlaced, OutcomeUnknown, Refused
from exchange_kernel.core.requests import ListRequest, OrderRequest
from exchange_kernel.exchange.port import Exchange, SendGate

PARTNER_MISSING = NotPlaced("PartnerMissing", "the other order of its list did not come in time; nothing was sent")
_SHUTTING_DOWN = NotPlaced("NotSent", "nothing was sent: the operator is shutting down")


@dataclass(frozen=True, slots=True)
class Part:
    """One order of a list, ready to be sent."""

    ticket: ListTicket
    request: OrderRequest
    gate: SendGate


@dataclass(frozen=True, slots=True)
class _Waiting:
    part: Part
    outcome: asyncio.Future[CreateOutcome]


class ListDesk:
    """One per process."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, tuple[str, ...]], _Waiting] = {}
        self._closed = False

    async def send(self, exchange: Exchange, part: Part, seconds: float) -> CreateOutcome:
        """Send an order together with its partner.

        Args:
            exchange: The account's session; the one that comes last is used.
            part: The order.
            seconds: How long its permit is still open.
        """
        if self._closed:
            return _SHUTTING_DOWN
        other = self._waiting.pop(part.ticket.key, None)
        if other is not None and other.part.ticket.own != part.ticket.own:
            return await _send_both(exchange, other, part)
        if other is not None:
            # An object of the same name took its place.
            other.outcome.set_result(PARTNER_MISSING)
        return await self._wait(part, seconds)

    async def _wait(self, part: Part, seconds: float) -> CreateOutcome:
        key = part.ticket.key
        waiting = self._waiting[key] = _Waiting(part, asyncio.get_running_loop().create_future())
        await asyncio.wait({waiting.outcome}, timeout=max(0.0, seconds))
        if self._waiting.get(key) is waiting:
            del self._waiting[key]
            return PARTNER_MISSING
        # The partner has taken it along: its request decides.
        return await waiting.outcome

    def has_lead(self, ticket: ListTicket) -> bool:
        """Whether the list's first order waits here; True for that one itself."""
        waiting = self._waiting.get(ticket.key)
        return ticket.leads or (waiting is not None and waiting.part.ticket.leads)

    def close(self) -> None:
        """Nothing more is sent; whoever waits learns it."""
        self._closed = True
        for waiting in self._waiting.values():
            waiting.outcome.set_result(_SHUTTING_DOWN)
        self._waiting.clear()


async def _send_both(exchange: Exchange, first: _Waiting, second: Part) -> CreateOutcome:
    """One request for both; whatever happens, both learn the same."""
    outcomes: tuple[CreateOutcome, CreateOutcome] | None = None
    try:
        outcomes = await _request(exchange, first.part, second)
    finally:
        ended = outcomes[0] if outcomes is not None else OutcomeUnknown("the adapter failed while the list was sent")
        first.outcome.set_result(ended)
    return outcomes[1]


async def _request(exchange: Exchange, one: Part, other: Part) -> tuple[CreateOutcome, CreateOutcome]:
    oco = exchange.rules.oco
    stops = [part for part in (one, other) if oco is not None and part.request.type in oco.stops]
    if len(stops) != 1:
        refused = Refused("InvalidRequest", f"{exchange.rules.name} ties no such orders together; nothing was sent")
        return refused, refused
    stop = stops[0]
    target = other if stop is one else one
    lead = one if one.ticket.leads else other
    request = ListRequest(list_id(lead.request.client_order_id), stop.request, target.request)
    of_stop, of_target = await exchange.create_list(request, lambda: one.gate() or other.gate())
    return (of_stop, of_target) if stop is one else (of_target, of_stop)
