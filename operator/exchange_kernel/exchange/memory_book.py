"""The orders of an exchange in memory: what rests, what is filled, what becomes of a change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from exchange_kernel.core.outcomes import (
    Amended,
    AmendOutcome,
    AmendRefused,
    AmendTooLate,
    CreateOutcome,
    DuplicateId,
    Placed,
    Refused,
)
from exchange_kernel.core.requests import AmendRequest, ListRequest, OrderRequest
from exchange_kernel.core.venue import Trade, VenueOrder, VenueStatus
from exchange_kernel.core.venue_rules import Market, VenueRules
from exchange_kernel.exchange.memory_setup import changes_of


@dataclass(frozen=True, slots=True)
class Entry:
    """An order, and when it was placed."""

    order: VenueOrder
    placed_at: datetime


class MemoryBook:
    """Orders by the venue's id, oldest first.

    Attributes:
        entries: All that were ever accepted.
        price: The last price of every symbol.
    """

    def __init__(
        self, markets: Mapping[str, Market], price: Decimal, rules: VenueRules, now: Callable[[], datetime]
    ) -> None:
        self._markets, self._rules, self._now = markets, rules, now
        self.entries: dict[str, Entry] = {}
        self._partners: dict[str, str] = {}
        self.price = price

    def fill(self, exchange_order_id: str, quantity: Decimal) -> VenueOrder:
        """Fill a working order, at its price or the last one."""
        order = self.entries[exchange_order_id].order
        filled = self._keep(_filled(order, quantity, order.price or self.price, self._now()))
        self._end_partner(exchange_order_id, VenueStatus.EXPIRED)
        return filled

    def end(self, exchange_order_id: str, status: VenueStatus) -> VenueOrder:
        """End an order from the venue's side (canceled by hand, expired)."""
        order = self.entries[exchange_order_id].order
        self._keep(replace(order, status=status, raw_status=status.name))
        self._end_partner(exchange_order_id, status)
        return self.entries[exchange_order_id].order

    def _end_partner(self, exchange_order_id: str, status: VenueStatus) -> None:
        """The first fill of one order of a list, and its end, ends the other."""
        partner = self.entries.get(self._partners.pop(exchange_order_id, ""))
        if partner is not None:
            self._partners.pop(partner.order.exchange_order_id, None)
            self._keep(replace(partner.order, status=status, raw_status=status.name))

    def latest(self, symbol: str, client_order_id: str) -> Entry | None:
        """The newest order under a client id."""
        of_id = [
            entry
            for entry in self.entries.values()
            if (entry.order.symbol, entry.order.client_order_id) == (symbol, client_order_id)
        ]
        return of_id[-1] if of_id else None

    def _keep(self, order: VenueOrder) -> VenueOrder:
        self.entries[order.exchange_order_id] = replace(self.entries[order.exchange_order_id], order=order)
        return order

    def place_list(self, request: ListRequest) -> tuple[CreateOutcome, ...]:
        """Let two orders rest that end each other, at once or when their entry is filled; refused as a whole."""
        for order in request.orders:
            refused = self._refusal(order)
            if refused is not None:
                return (refused,) * len(request.orders)
        target = request.target
        if request.entry is None and target.price is not None and self._takes(target):
            crossed = Refused("TriggerAlreadyCrossed", "the target would match immediately")
            return crossed, crossed
        accepted = [self._accept(order).exchange_order_id for order in request.orders]
        one, other, *entry = accepted
        self._partners |= {one: other, other: one}
        if request.entry is not None:
            self._enter(entry[0], request.entry, (one, other))
        return tuple(Placed(self.entries[each].order) for each in accepted)

    def _enter(self, order_id: str, entry: OrderRequest, exits: tuple[str, str]) -> None:
        """The entry is filled at once, as a whole, or it ends, and its exits with it."""
        if self._takes(entry):
            self.fill(order_id, entry.quantity or Decimal(0))
            return
        self.end(order_id, VenueStatus.EXPIRED)
        for each in exits:
            self._keep(replace(self.entries[each].order, status=VenueStatus.EXPIRED, raw_status="EXPIRED"))

    def place(self, request: OrderRequest) -> CreateOutcome:
        """Match an order, or let it rest."""
        refused = self._refusal(request)
        if refused is not None:
            return refused
        takes = self._takes(request)
        if request.post_only and takes:
            return Refused("PostOnlyWouldTake", "the order would match immediately")
        order = self._accept(request)
        if takes:
            return Placed(self.fill(order.exchange_order_id, order.quantity or Decimal(0)))
        if request.time_in_force in {"IOC", "FOK"}:
            return Placed(self.end(order.exchange_order_id, VenueStatus.EXPIRED))
        return Placed(order)

    def _refusal(self, request: OrderRequest) -> DuplicateId | Refused | None:
        earlier = self.latest(request.symbol, request.client_order_id)
        if earlier is not None and not earlier.order.status.is_final:
            return DuplicateId("an open order has this client order id")
        if request.symbol not in self._markets:
            return Refused("UnknownSymbol", f"there is no market {request.symbol}")
        return None

    def _accept(self, request: OrderRequest) -> VenueOrder:
        waits = request.trigger_price is not None
        order = VenueOrder(
            exchange_order_id=str(len(self.entries) + 1),
            client_order_id=request.client_order_id,
            symbol=request.symbol,
            side=request.side,
            status=VenueStatus.UNTRIGGERED if waits else VenueStatus.OPEN,
            raw_status="OPEN",
            filled=Decimal(0),
            quantity=request.quantity or (request.quote_quantity or Decimal(0)) / self.price,
            price=request.price,
            trigger_price=request.trigger_price,
            cost=Decimal(0),
            trades=(),
            updated_at=self._now(),
        )
        self.entries[order.exchange_order_id] = Entry(order, self._now())
        return order

    def _takes(self, request: OrderRequest) -> bool:
        if request.price is None:
            return True
        return request.price >= self.price if request.side == "Buy" else request.price <= self.price

    def unlisted(self, request: AmendRequest, entry: Entry | None) -> str:
        """Names of the changes that the rules do not list; empty where all are."""
        asked = changes_of(request, None if entry is None else entry.order.quantity)
        return ", ".join(sorted(asked - self._rules.amends.get(request.type, frozenset())))

    def amend(self, request: AmendRequest, entry: Entry | None) -> AmendOutcome:
        """Change a working order where it stands."""
        if entry is None or entry.order.symbol != request.symbol or entry.order.status.is_final:
            return AmendTooLate("the order does not work any more")
        order = entry.order
        if request.quantity is not None and request.quantity <= order.filled:
            return AmendRefused("InvalidQuantity", f"{order.filled} is filled already")
        return Amended(
            self._keep(
                replace(
                    order,
                    quantity=request.quantity or order.quantity,
                    price=request.price or order.price,
                    trigger_price=request.trigger_price or order.trigger_price,
                    updated_at=self._now(),
                )
            )
        )


def _filled(order: VenueOrder, quantity: Decimal, price: Decimal, now: datetime) -> VenueOrder:
    earlier = order.trades or ()
    trade_id = f"{order.exchange_order_id}-{len(earlier) + 1}"
    trade = Trade(trade_id, quantity, price, quantity * price, time=now)
    filled = order.filled + quantity
    done = order.quantity is not None and filled >= order.quantity
    status = VenueStatus.FILLED if done else order.status
    return replace(
        order,
        filled=filled,
        cost=(order.cost or Decimal(0)) + trade.cost,
        trades=(*earlier, trade),
        status=status,
        raw_status=status.name,
        updated_at=now,
    )
