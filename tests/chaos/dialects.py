"""What differs between the venues of a campaign: addresses, keys, paths, and the words for an order's state."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from chaos.breakage import StreamEvent, VenueAnswer
from chaos.findings import VenueSays
from chaos.places import VenueProcess

Json = Mapping[str, Any]


class Dialect(Protocol):
    """One venue dialect of the paper exchange."""

    @property
    def exchange(self) -> str:
        """ExchangeAccount.spec.exchange."""
        ...

    def endpoint(self, url: str) -> str:
        """ExchangeAccount.spec.endpoint for a venue at this address."""
        ...

    def credentials(self, account: str) -> tuple[str, str]:
        """Key and secret of an account."""
        ...

    @property
    def tier(self) -> str:
        """ExchangeAccount.spec.rateLimitFactor."""
        ...

    @property
    def counts_by_address(self) -> bool:
        """Whether requests are counted by the address that they come from, and not by account."""
        ...

    def rule(self, fault: VenueAnswer | StreamEvent) -> Json | None:
        """A fault as a rule of the venue; None where the dialect has nothing of the kind."""
        ...


@dataclass(frozen=True, eq=False)
class Paths:
    """A dialect by its paths. All dialects are spoken at one address.

    Attributes:
        exchange: ExchangeAccount.spec.exchange.
        paths: Method and path of each kind of request.
        streams: Whether it has order streams.
        counts_by_address: Whether requests are counted by address.
        tier: ExchangeAccount.spec.rateLimitFactor.
    """

    exchange: str
    paths: Mapping[str, tuple[str, str]]
    streams: bool
    counts_by_address: bool
    tier: str = "1"

    def endpoint(self, url: str) -> str:
        return url

    def credentials(self, account: str) -> tuple[str, str]:
        return VenueProcess.keys(account)

    def rule(self, fault: VenueAnswer | StreamEvent) -> Json | None:
        if isinstance(fault, StreamEvent):
            return _rule({"method": "WS"}, "event", fault) if self.streams else None
        method, path = self.paths[fault.request]
        return _rule({"method": method, "path": path}, fault.at, fault)


BINANCE = Paths(
    "binance",
    {
        "create": ("POST", "/api/v3/order"),
        "cancel": ("DELETE", "/api/v3/order"),
        "amend": ("PUT", "/api/v3/order/amend/keepPriority"),
        "order": ("GET", "/api/v3/order"),
        "open_orders": ("GET", "/api/v3/openOrders"),
        "trades": ("GET", "/api/v3/myTrades"),
    },
    streams=True,
    counts_by_address=True,
)
KRAKEN = Paths(
    "kraken",
    {
        "create": ("POST", "/0/private/AddOrder"),
        "cancel": ("POST", "/0/private/CancelOrder"),
        "amend": ("POST", "/0/private/AmendOrder"),
        "order": ("POST", "/0/private/QueryOrders"),
        "open_orders": ("POST", "/0/private/OpenOrders"),
        "trades": ("POST", "/0/private/QueryTrades"),
    },
    streams=False,
    counts_by_address=False,
    # The highest tier; the lowest is allowed a call every three seconds.
    tier="3",
)


def _rule(match: Json, at: str, fault: VenueAnswer | StreamEvent) -> Json:
    rule: dict[str, Any] = {"match": match, "at": at, "do": fault.do, "count": fault.count}
    if fault.delay_ms:
        rule["delay_ms"] = fault.delay_ms
    if isinstance(fault, VenueAnswer) and fault.do == "respond":
        rule["status"] = fault.status
    return rule


_STATES = {
    "NEW": "Open",
    "PENDING_NEW": "Open",
    "PARTIALLY_FILLED": "Open",
    "FILLED": "Filled",
    "CANCELED": "Canceled",
    "REJECTED": "Rejected",
    "EXPIRED": "Expired",
    "EXPIRED_IN_MATCH": "Expired",
}


def says(order: Json) -> VenueSays:
    """An order as the control port's dump shows it, which is Binance's form for every dialect."""
    state = _STATES[order["status"]]
    if state == "Open" and not order["isWorking"]:
        state = "Untriggered"
    return VenueSays(
        order_id=str(order["orderId"]),
        client_id=order["clientOrderId"],
        state=state,
        filled=Decimal(order["executedQty"]),
        quantity=Decimal(order["origQty"]),
        price=Decimal(order["price"]),
        began=int(order["time"]),
        ended=None if state in {"Open", "Untriggered"} else int(order["updateTime"]),
        order_list="" if order["orderListId"] == -1 else str(order["orderListId"]),
    )
