"""What a profile is made of: the words in which a venue is described, and in which it is asked."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from exchange_kernel.exchange.hints import Hint
from exchange_kernel.exchange.port import ReadError


class Proof(StrEnum):
    """What a venue's error code proves about the request that it answers."""

    REFUSED = "Refused"  # judged and refused for good
    NOT_PLACED = "NotPlaced"  # stopped in front of the engine; the same request may succeed later
    DUPLICATE = "DuplicateId"  # an order with this client id exists
    NO_SUCH_ORDER = "NoSuchOrder"  # the venue does not know the order that was asked about
    TOO_LATE = "TooLate"  # the venue knows the order and does not work it any more: it cannot be canceled or amended
    AMBIGUOUS = "Ambiguous"  # the venue itself does not know; also the default for every code that is not listed


@dataclass(frozen=True, slots=True)
class CodeRow:
    """What one error code proves.

    Attributes:
        code: The venue's code as text.
        proof: What it proves.
        reason: CamelCase, fit for a condition's reason: `NotPlaced.reason` or `Refused.code`.
        text: Where set, the row holds only for messages that contain it (one code, several meanings).
    """

    code: str
    proof: Proof
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call on the ccxt instance: a unified method, or one of ccxt's generated endpoint methods.

    Attributes:
        method: Name of the ccxt method.
        args: Its positional arguments.
        expected: For orders and amends: the parameters that must be on the wire, compared before the socket write.
            May be nested, as a JSON body is; numbers and booleans count by their JSON text.
    """

    method: str
    args: tuple[Any, ...] = ()
    expected: Mapping[str, Any] | None = None


class LimitScope(StrEnum):
    """Whom a venue counts requests against."""

    ADDRESS = "Address"  # everything behind one address, whoever signs
    ACCOUNT = "Account"  # one account (or key), wherever it asks from


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The venue has acknowledged the subscription."""


@dataclass(frozen=True, slots=True)
class Terminated:
    """The venue will send no more on this connection, or never did; `why` is fit for a user and holds no secret."""

    why: str


@dataclass(frozen=True, slots=True)
class Handshake:
    """A message between the venue and ccxt."""


StreamSignal = Hint | Subscribed | Terminated | Handshake


@dataclass(frozen=True, slots=True)
class Weights:
    """Request weights of the operations, in the venue's unit, and what the venue allows per minute.

    Attributes:
        per_minute: The limit.
        costs: By operation of the port, named as its method; 0 for what the venue does not count here.
        default: What an operation costs that is not listed.
        scope: Whom the venue counts against.
        window: Seconds in place of the minute. A counter of at most C that falls by r per second is C per C / r
            seconds: no such window then holds more than the counter takes.
    """

    per_minute: int
    costs: Mapping[str, int] = field(default_factory=dict)
    default: int = 1
    scope: LimitScope = LimitScope.ADDRESS
    window: float = 60.0

    def of(self, operation: str) -> int:
        """The weight of one operation of the port, named as its method."""
        return self.costs.get(operation, self.default)


@dataclass(frozen=True, slots=True)
class OrderKey:
    """Which order is asked about; at least one of the two ids is known.

    Attributes:
        symbol: ccxt unified symbol.
        market_id: The venue's own name of the market.
        client_order_id: Our id in canonical form; empty where only the venue's is known.
        exchange_order_id: The venue's id, as the profile's `read_order` told it; None where it is not known.
    """

    symbol: str
    market_id: str
    client_order_id: str = ""
    exchange_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Which orders an absence proof has to look at."""

    market_id: str
    client_order_id: str  # in the venue's wire form
    since_ms: int  # venue time
    now_ms: int  # venue time


# A raw object of the venue's JSON.
Row = Mapping[str, Any]
# Runs a call and returns the raw answer; raises the port's ReadError tree (`Declined` for a definite refusal). None
# where the venue says "no such order".
Ask = Callable[[Call], Awaitable[Any]]


class Declined(ReadError):
    """The venue answered with a code of the profile's table that refuses for good (`Proof.REFUSED`, `TOO_LATE`).

    Attributes:
        row: The row.
    """

    def __init__(self, message: str, row: CodeRow) -> None:
        super().__init__(message)
        self.row = row
