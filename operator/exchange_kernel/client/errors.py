"""What can go wrong for a strategy.

    KernelError
    ├── ValidationError             the order is not one: refused before anything was sent
    ├── ExchangeError               the venue, or the way to it, said no, or nothing
    │   ├── KernelUnavailableError  the API server is silent: repeat with the same intent_id
    │   └── CancelIncompleteError   some orders are not confirmed canceled
    └── NotFoundError               no such intent, symbol, asset
        └── NotPublishedError       the market exists and is not published (spec.markets of the account)

An outcome that is not known is no error: `except ExchangeError: retry` would buy twice.
"""

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Who found the mistake: this library, the API server, or the operator."""

    CLIENT = "Client"
    ADMISSION = "Admission"
    OPERATOR = "Operator"


class Outcome(StrEnum):
    """What an ExchangeError proves about the order."""

    REJECTED = "Rejected"
    NOT_PLACED = "NotPlaced"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One mistake.

    Attributes:
        field: Where, as a path of the spec; empty for the order as a whole.
        reason: One CamelCase word for programs.
        message: What to write instead.
    """

    field: str
    reason: str
    message: str


class KernelError(Exception):
    """Base of everything that the interface raises.

    Attributes:
        message: For humans, without secrets.
        reason: One CamelCase word for programs.
        intent_id: The intent that it is about, where there is one.
        group_id: The group, likewise.
        retryable: Whether the same call may be repeated as it is.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        intent_id: str | None = None,
        group_id: str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.message, self.reason = message, reason
        self.intent_id, self.group_id, self.retryable = intent_id, group_id, retryable


class ValidationError(KernelError):
    """The order, or the change, breaks a rule; nothing was sent.

    Attributes:
        errors: Every mistake that was found.
        source: Who found it.
    """

    def __init__(  # noqa: PLR0913 - all that is known of it, by name
        self,
        message: str,
        *,
        errors: tuple[FieldError, ...] = (),
        source: Source = Source.CLIENT,
        reason: str = "Invalid",
        intent_id: str | None = None,
        group_id: str | None = None,
    ) -> None:
        super().__init__(message, reason=reason, intent_id=intent_id, group_id=group_id)
        self.errors, self.source = errors, source


class ExchangeError(KernelError):
    """The venue refused, or it is proven that nothing reached it.

    Attributes:
        outcome: What is proven.
        venue_code: The venue's own code, where it gave one.
        venue_message: The venue's words, without secrets.
    """

    def __init__(  # noqa: PLR0913 - all that is known of it, by name
        self,
        message: str,
        *,
        outcome: Outcome,
        venue_code: str | None = None,
        venue_message: str = "",
        reason: str = "",
        intent_id: str | None = None,
        group_id: str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message, reason=reason, intent_id=intent_id, group_id=group_id, retryable=retryable)
        self.outcome, self.venue_code, self.venue_message = outcome, venue_code, venue_message


class KernelUnavailableError(ExchangeError):
    """The API server does not answer. Repeat with the same intent_id: it is the same order."""

    def __init__(self, message: str, *, intent_id: str | None = None, group_id: str | None = None) -> None:
        super().__init__(
            message,
            outcome=Outcome.UNKNOWN,
            reason="KernelUnavailable",
            intent_id=intent_id,
            group_id=group_id,
            retryable=True,
        )


class CancelIncompleteError(ExchangeError):
    """Some orders are not confirmed to have ended; their cancels stay asked for.

    Attributes:
        canceled: intent_ids that are confirmed Canceled.
        pending: intent_ids whose end was not read in time.
    """

    def __init__(self, canceled: tuple[str, ...], pending: tuple[str, ...]) -> None:
        message = f"{len(pending)} orders are not confirmed to have ended: {', '.join(pending[:10])}"
        super().__init__(message, outcome=Outcome.UNKNOWN, reason="CancelIncomplete", retryable=True)
        self.canceled, self.pending = canceled, pending


class NotFoundError(KernelError):
    """There is no such object.

    Attributes:
        kind: What was looked for: Intent, Group, Symbol, Asset.
        name: Its name.
    """

    def __init__(self, kind: str, name: str, message: str = "", *, reason: str = "NotFound") -> None:
        super().__init__(message or f"there is no {kind} {name}", reason=reason)
        self.kind, self.name = kind, name


class NotPublishedError(NotFoundError):
    """The market exists at the venue and is not published; the account's spec.markets selects what is."""

    def __init__(self, kind: str, name: str) -> None:
        message = f"{kind} {name} is not published: the account's owner can add it to spec.markets"
        super().__init__(kind, name, message, reason="NotPublished")
