"""The one place where errors are translated: what happened on the wire, into what is proven about an order.

The error's class decides nothing once a request may have reached the venue; only the venue's own code in an answer that
arrived whole does, by the profile's table. Everything that no rule names is `OutcomeUnknown`. In order:

1. Nothing was written to the socket: `NotPlaced` (or `Refused`, where the request itself cannot be sent at all).
2. The venue answered below 500 with a code of its table: what the row says.
3. Anything else (time-outs, resets, 5xx, a proxy's 403 or 429, truncated, empty or foreign bodies): unknown.

Rate limits (429, 418) count as proof only with a body of the venue: a proxy may answer 429 after it passed the
request on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from exchange_kernel.core.outcomes import (
    AmendNotSent,
    AmendOutcome,
    AmendRefused,
    AmendTooLate,
    AmendUnknown,
    CancelOutcome,
    CreateOutcome,
    DuplicateId,
    NotPlaced,
    OutcomeUnknown,
    Refused,
)
from exchange_kernel.exchange.port import (
    CredentialsRefused,
    ExchangeError,
    RateLimited,
    ReadError,
    VenueUnavailable,
)
from exchange_kernel.exchange.profiles.parts import CodeRow, Declined, Proof

# ccxt raises these while it builds a request: no repetition will get it out.
_CANNOT_BE_SENT = frozenset(
    {"InvalidOrder", "BadRequest", "BadSymbol", "ArgumentsRequired", "NotSupported", "ValueError"}
)
# `binascii.Error`, which ccxt raises for a secret that has to be base64 and is not, is named just so.
_NO_CREDENTIALS = frozenset({"AuthenticationError", "Error"})
_NETWORK = frozenset({"NetworkError", "OperationFailed", "TimeoutError", "OSError"})
_GATE_REASONS = frozenset({"GateClosed", "SendWindowMissed"})
_BANNED, _TOO_MANY = 418, 429


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known after a call that did not return an order. Texts are scrubbed already.

    Attributes:
        started: Whether anything was written to the socket.
        status: HTTP status of the answer that arrived whole, else None.
        row: The profile's row for the venue's code in that answer, else None.
        code: The venue's code, also where no row lists it.
        message: The venue's words, or the error's.
        retry_after: Seconds from this very answer's header, else None.
        error: Names of the error's classes, most specific first; empty where no error was raised.
        gate: What the gate answered when it did not let the request out.
        mismatch: Why the request was held back by the comparison with the profile.
    """

    started: bool
    status: int | None = None
    row: CodeRow | None = None
    code: str = ""
    message: str = ""
    retry_after: float | None = None
    error: tuple[str, ...] = field(default=())
    gate: str | None = None
    mismatch: str | None = None

    def is_a(self, names: frozenset[str]) -> bool:
        """Whether the error is of one of these classes."""
        return not names.isdisjoint(self.error)

    @property
    def proof(self) -> Proof:
        """What the venue's answer proves; ambiguous where it does not answer with a listed code below 500."""
        if self.row is None or self.status is None or self.status >= 500:
            return Proof.AMBIGUOUS
        return self.row.proof

    @property
    def rate_limited(self) -> bool:
        """Whether the venue (or something in front of it) asked for a pause."""
        return self.status in {_TOO_MANY, _BANNED} or (self.row is not None and self.row.reason == "RateLimited")

    @property
    def unauthenticated(self) -> bool:
        """Whether the venue refused the key, or there is none to sign with."""
        refused = self.row is not None and self.row.reason == "AuthenticationFailed" and self.proof is Proof.NOT_PLACED
        return refused or (not self.started and self.is_a(_NO_CREDENTIALS))

    def describe(self) -> str:
        """One line for the user."""
        words = self.message or (self.error[0] if self.error else "no usable answer")
        where = f"HTTP {self.status}" if self.status is not None else "no answer"
        return f"{words} ({f'venue code {self.code}, ' if self.code else ''}{where})"


def classify_create(facts: Facts) -> CreateOutcome:
    """What is proven about an order after a create that returned none."""
    if not facts.started:
        return _not_sent(facts)
    by_proof: dict[Proof, Callable[[CodeRow], CreateOutcome]] = {
        Proof.REFUSED: lambda row: Refused(row.reason, facts.describe()),
        Proof.NOT_PLACED: lambda row: NotPlaced(row.reason, facts.describe(), facts.retry_after),
        Proof.DUPLICATE: lambda _: DuplicateId(facts.describe()),
    }
    outcome = by_proof.get(facts.proof)
    if outcome is None or facts.row is None:
        return OutcomeUnknown(f"the venue may or may not have the order: {facts.describe()}")
    return outcome(facts.row)


def _not_sent(facts: Facts) -> NotPlaced | Refused:
    if facts.gate is not None:
        return gate_closed(facts.gate)
    if facts.mismatch is not None:
        return Refused("RequestMismatch", f"{facts.mismatch}; nothing was sent")
    if facts.unauthenticated:
        return NotPlaced("AuthenticationFailed", f"it could not be signed, look at the Secret: {facts.message}")
    if facts.is_a(_CANNOT_BE_SENT):
        return Refused("InvalidRequest", f"the request cannot be sent: {facts.message}")
    if facts.is_a(_NETWORK):
        return NotPlaced("ConnectionRefused", f"no connection to the venue: {facts.message}")
    return NotPlaced("NotSent", f"nothing was sent: {facts.message or facts.error}")


def gate_closed(answer: str) -> NotPlaced:
    """The outcome of a closed gate, which answers with a reason of its own (`SendWindowMissed: ...`) or plain words."""
    reason, _, message = answer.partition(": ")
    if reason in _GATE_REASONS:
        return NotPlaced(reason, message or "nothing was sent")
    return NotPlaced("GateClosed", answer)


def classify_read(facts: Facts) -> ExchangeError:
    """The error that a failed read raises."""
    message = facts.describe()
    if facts.rate_limited:
        return RateLimited(message, facts.retry_after, banned=facts.status == _BANNED)
    if facts.unauthenticated:
        hint = "" if facts.started else "the request could not be signed, look at the Secret: "
        return CredentialsRefused(hint + message)
    away = facts.status is None and facts.is_a(_NETWORK)
    if away or (facts.status is not None and facts.status >= 500) or _in_maintenance(facts):
        return VenueUnavailable(message)
    if facts.row is not None and facts.proof in {Proof.REFUSED, Proof.TOO_LATE}:
        return Declined(message, facts.row)
    return ReadError(message)


def _in_maintenance(facts: Facts) -> bool:
    return facts.row is not None and facts.row.reason == "Maintenance"


def classify_cancel(error: ExchangeError) -> CancelOutcome:
    """What a cancel proves that the venue neither acknowledged nor answered with "no such order".

    Raises:
        RateLimited: The venue wants a pause.
        CredentialsRefused: The key was refused.
    """
    if isinstance(error, RateLimited | CredentialsRefused):
        raise error
    if isinstance(error, Declined):
        return CancelOutcome.NOT_FOUND if error.row.proof is Proof.TOO_LATE else CancelOutcome.REFUSED
    return CancelOutcome.UNKNOWN


def classify_amend(facts: Facts) -> AmendOutcome:
    """What is proven about a change in place after an answer that acknowledges none.

    The order itself is not in question: an amend never places, so that "no such order" and "too late" mean the same.
    """
    if not facts.started:
        return amend_not_sent(_not_sent(facts))
    if facts.proof in {Proof.NO_SUCH_ORDER, Proof.TOO_LATE}:
        return AmendTooLate(facts.describe())
    if facts.row is not None and facts.proof is Proof.REFUSED:
        return AmendRefused(facts.row.reason, facts.describe())
    if facts.row is not None and facts.proof is Proof.NOT_PLACED:
        return AmendNotSent(facts.row.reason, facts.describe(), facts.retry_after)
    return AmendUnknown(f"the venue may or may not have changed the order: {facts.describe()}")


def amend_not_sent(outcome: NotPlaced | Refused) -> AmendNotSent | AmendRefused:
    """The same for an amend: nothing reached the venue."""
    if isinstance(outcome, Refused):
        return AmendRefused(outcome.code, outcome.message)
    return AmendNotSent(outcome.reason, outcome.message, outcome.retry_after)
