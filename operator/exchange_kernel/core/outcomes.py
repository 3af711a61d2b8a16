"""What the answer to a request proves: the outcomes of sending, changing and canceling an order."""

from dataclasses import dataclass
from enum import StrEnum

from exchange_kernel.core.venue import VenueOrder


@dataclass(frozen=True, slots=True)
class Placed:
    """The venue acknowledged the order with an order id."""

    order: VenueOrder


@dataclass(frozen=True, slots=True)
class Refused:
    """The venue refused the order for good; the code is on the profile's list of definitive refusals."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class NotPlaced:
    """It is proven that nothing reached the venue's engine.

    Attributes:
        reason: CamelCase: `SendWindowMissed`, `ConnectionRefused`, `RateLimited`, `ClockSkew`, `GateClosed`,
            `AuthenticationFailed`, `Maintenance`.
        message: For the user, without secrets.
        retry_after: Seconds to wait before another attempt, where the venue said so.
    """

    reason: str
    message: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class DuplicateId:
    """The venue knows an order with this client order id: look it up and adopt it."""

    message: str


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """Anything else: time-outs, 5xx, bad or empty bodies, an order without id, a canceled task."""

    message: str


CreateOutcome = Placed | Refused | NotPlaced | DuplicateId | OutcomeUnknown


@dataclass(frozen=True, slots=True)
class Amended:
    """The venue acknowledged the change; what it did is read back."""

    order: VenueOrder | None = None


@dataclass(frozen=True, slots=True)
class AmendRefused:
    """The venue refused the change for good and the order works on with its former values."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class AmendTooLate:
    """The venue does not work this order any more: filled, canceled or expired. Only a read can tell."""

    message: str


@dataclass(frozen=True, slots=True)
class AmendNotSent:
    """It is proven that the change did not reach the venue's engine; reasons as `NotPlaced.reason`."""

    reason: str
    message: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class AmendUnknown:
    """Anything else: the order may have either values; it is read back."""

    message: str


AmendOutcome = Amended | AmendRefused | AmendTooLate | AmendNotSent | AmendUnknown


class CancelOutcome(StrEnum):
    """What the answer to a cancel request proves. The order's state is read back in every case."""

    ACCEPTED = "Accepted"
    NOT_FOUND = "NotFound"  # filled, canceled, or never existed: only a read can tell
    UNKNOWN = "Unknown"
    REFUSED = "Refused"
