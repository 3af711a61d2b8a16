"""Where the orders of a list meet: whoever comes last sends for all, in one request.

Each comes with its own record and its own permit. The request goes out only while all permits are open and all gates
let it out; what is proven of it is proven of all. An order whose partners do not come while its permit is open was
provably not sent.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange_kernel.core.order_lists import ListTicket, list_id
from exchange_kernel.core.outcomes import CreateOutcome, NotPlaced, OutcomeUnknown, Refused
from exchange_kernel.core.requests import ListRequest, OrderRequest
from exchange_kernel.exchange.port import Exchange, SendGate

PARTNER_MISSING = NotPlaced("PartnerMissing", "not all orders of its list came in time; nothing was sent")
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
        self._waiting: dict[tuple[str, tuple[str, ...]], dict[str, _Waiting]] = {}
        self._closed = False

    async def send(self, exchange: Exchange, part: Part, seconds: float) -> CreateOutcome:
        """Send an order together with the others of its list.

        Args:
            exchange: The account's session; the one that comes last is used.
            part: The order.
            seconds: How long its permit is still open.
        """
        if self._closed:
            return _SHUTTING_DOWN
        key, own = part.ticket.key, part.ticket.own
        here = self._waiting.setdefault(key, {})
        before = here.pop(own, None)
        if before is not None:
            # An object of the same name took its place.
            before.outcome.set_result(PARTNER_MISSING)
        if len(here) + 1 == len(part.ticket.names):
            del self._waiting[key]
            return await _send_all(exchange, tuple(here.values()), part)
        return await self._wait(part, seconds)

    async def _wait(self, part: Part, seconds: float) -> CreateOutcome:
        key, own = part.ticket.key, part.ticket.own
        waiting = _Waiting(part, asyncio.get_running_loop().create_future())
        self._waiting[key][own] = waiting
        await asyncio.wait({waiting.outcome}, timeout=max(0.0, seconds))
        here = self._waiting.get(key, {})
        if here.get(own) is waiting:
            del here[own]
            if not here:
                del self._waiting[key]
            return PARTNER_MISSING
        # The last one has taken it along: its request decides.
        return await waiting.outcome

    def has_lead(self, ticket: ListTicket) -> bool:
        """Whether the list's first order waits here; True for that one itself."""
        return ticket.leads or ticket.names[0] in self._waiting.get(ticket.key, {})

    def close(self) -> None:
        """Nothing more is sent; whoever waits learns it."""
        self._closed = True
        for here in self._waiting.values():
            for waiting in here.values():
                waiting.outcome.set_result(_SHUTTING_DOWN)
        self._waiting.clear()


async def _send_all(exchange: Exchange, waiting: tuple[_Waiting, ...], last: Part) -> CreateOutcome:
    """One request for all; whatever happens, each learns what it proved."""
    outcomes: Mapping[str, CreateOutcome] = {}
    lost = OutcomeUnknown("the adapter failed while the list was sent")
    try:
        outcomes = await _request(exchange, (*(each.part for each in waiting), last))
    finally:
        for each in waiting:
            each.outcome.set_result(outcomes.get(each.part.ticket.own, lost))
    return outcomes[last.ticket.own]


async def _request(exchange: Exchange, parts: Sequence[Part]) -> Mapping[str, CreateOutcome]:
    """The outcomes, by the names of the orders."""
    oco = exchange.rules.oco
    lead = next(part for part in parts if part.ticket.leads)
    entry = lead if lead.ticket.is_entry else None
    exits = [part for part in parts if part is not entry]
    stops = [part for part in exits if oco is not None and part.request.type in oco.stops]
    if len(stops) != 1:
        refused = Refused("InvalidRequest", f"{exchange.rules.name} ties no such orders together; nothing was sent")
        return {part.ticket.own: refused for part in parts}
    (stop,), (target,) = stops, [part for part in exits if part is not stops[0]]
    request = ListRequest(
        list_id(lead.request.client_order_id), stop.request, target.request, entry.request if entry else None
    )
    outcomes = await exchange.create_list(request, lambda: next(filter(None, (part.gate() for part in parts)), None))
    sent = (stop, target) if entry is None else (stop, target, entry)
    return {part.ticket.own: outcome for part, outcome in zip(sent, outcomes, strict=True)}
