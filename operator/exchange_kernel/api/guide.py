"""What a status means for the reader: which objects say a reason, in which states, who acts next, and what to type.

`reasons.py` has the two sentences of each reason, this module the rest of the page "what does this status mean and what
do I do" (docs/reasons.md). Nothing here decides anything; tests hold the rows to what the core really says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PendingCommand
from exchange_kernel.api.reasons import Reason


class Actor(StrEnum):
    """Who has to do something next: `WRITER` wrote the OrderIntent, `ADMIN` runs the operator."""

    NOBODY = "nobody"
    OPERATOR = "the operator"
    WRITER = "you"
    OWNER = "the account's owner"
    ADMIN = "the admin"


@dataclass(frozen=True, slots=True)
class Guide:
    """What a reader of a reason wants to know beside its two sentences.

    Attributes:
        states: States of an OrderIntent whose Ready has this reason; empty where no order says it there.
        account: Whether an ExchangeAccount says it.
        actors: Who acts next; the operator first where it goes on by itself.
        command: What helps, with placeholders in capitals; empty where nothing is needed.
        pending: Values of status.pendingCommand beside it, where there is one.
        aspect: The conditions that say it instead of Ready, for reasons that are never Ready's.
    """

    states: tuple[State, ...] = ()
    account: bool = False
    actors: tuple[Actor, ...] = (Actor.NOBODY,)
    command: str = ""
    pending: tuple[PendingCommand, ...] = ()
    aspect: str = ""


STATES: Mapping[State, str] = MappingProxyType(
    {
        State.PENDING: "Nothing works at the venue: the order waits, or is being looked up. Between the two halves of "
        "a change the former order has ended and the next one is not sent yet.",
        State.DENIED: "The spec was refused before anything was sent. It is judged again when it is edited.",
        State.SUBMITTING: "The request is under way.",
        State.UNTRIGGERED: "The venue has the order; it waits for its trigger.",
        State.OPEN: "The order works at the venue, nothing is filled.",
        State.PARTIALLY_FILLED: "The order works at the venue, a part is filled.",
        State.FILLED: "The order has ended, completely filled.",
        State.CANCELED: "The order has ended before it was filled completely; filledQuantity says how much was.",
        State.EXPIRED: "The venue ended the order by its time in force, or its deadline passed before it was sent.",
        State.REJECTED: "The venue refused the order for good.",
        State.UNKNOWN: "A request was sent and its outcome is not proven. Nothing else is sent before it is.",
    }
)

COMMANDS: Mapping[PendingCommand, str] = MappingProxyType(
    {
        PendingCommand.NONE: "Nothing is asked of the venue.",
        PendingCommand.SUBMIT: "The order was sent, its outcome is not confirmed.",
        PendingCommand.CANCEL: "A cancel was asked for; it is repeated until the order's end is read back. Fills still "
        "count, so the state says where the order is meanwhile.",
        PendingCommand.AMEND: "A change is under way: in place, or the former order is canceled and the rest placed.",
    }
)

_NO, _OP, _YOU, _OWNER, _ADMIN = Actor.NOBODY, Actor.OPERATOR, Actor.WRITER, Actor.OWNER, Actor.ADMIN
_WORKING = (State.UNTRIGGERED, State.OPEN, State.PARTIALLY_FILLED)
# A change of an order that works is judged like a new order; what objects to it is said beside the order's state.
_DENIED_OR_CHANGE = (State.DENIED, State.UNTRIGGERED, State.OPEN, State.PARTIALLY_FILLED)
_WAITS_OR_CHANGE = (State.PENDING, State.UNTRIGGERED, State.OPEN, State.PARTIALLY_FILLED)

_REQUESTED = (PendingCommand.SUBMIT, PendingCommand.AMEND)

_SHOW = "kubectl describe oi NAME -n NAMESPACE"
_EDIT = "kubectl edit oi NAME -n NAMESPACE"
_ACCOUNT = "kubectl describe xa ACCOUNT -n ACCOUNT_NAMESPACE"
_RECEIPT = "kubectl get orec -n exchange-kernel -o wide | grep NAME"
_STATE = "kubectl get xas ACCOUNT -n ACCOUNT_NAMESPACE -o yaml"
_SECRET = "kubectl describe secret SECRET -n ACCOUNT_NAMESPACE"  # noqa: S105 - a command
_LOGS = "kubectl logs -n exchange-kernel deploy/exchange-kernel"
_ADOPT = "kubectl annotate oi NAME -n NAMESPACE exchangekernel.dev/adopt-order-id=VENUE_ORDER_ID"
_AGAIN = "kubectl get oi NAME -n NAMESPACE -o yaml > order.yaml   # give it a new name, drop the status, apply"


def _denied(command: str = _EDIT, *actors: Actor) -> Guide:
    return Guide((State.DENIED,), actors=actors or (_YOU,), command=command)


GUIDE: Mapping[Reason, Guide] = MappingProxyType(
    {
        # Denied.
        Reason.INVALID_SPEC: Guide(_DENIED_OR_CHANGE, actors=(_YOU,), command=_EDIT),
        Reason.ACCOUNT_NOT_FOUND: Guide(_WAITS_OR_CHANGE, actors=(_YOU, _OWNER), command="kubectl get xa -A"),
        Reason.NAMESPACE_NOT_ALLOWED: _denied(_ACCOUNT, _OWNER),
        Reason.UNKNOWN_SYMBOL: Guide(_DENIED_OR_CHANGE, actors=(_YOU,), command=_SHOW),
        Reason.NOT_SUPPORTED: Guide(_DENIED_OR_CHANGE, actors=(_YOU,), command=_ACCOUNT),
        Reason.NOT_ON_GRID: Guide(_DENIED_OR_CHANGE, actors=(_YOU,), command=_EDIT),
        Reason.BELOW_MINIMUM: Guide(_DENIED_OR_CHANGE, actors=(_YOU,), command=_EDIT),
        Reason.ABOVE_MAXIMUM: Guide(_DENIED_OR_CHANGE, actors=(_YOU,), command=_EDIT),
        Reason.LIMIT_EXCEEDED: Guide(_DENIED_OR_CHANGE, actors=(_YOU, _OWNER), command=_ACCOUNT),
        Reason.OPEN_ORDERS_LIMIT: Guide((State.PENDING,), actors=(_OP, _YOU, _OWNER), command=_STATE),
        Reason.TRIGGER_ALREADY_CROSSED: Guide(_DENIED_OR_CHANGE, actors=(_YOU,), command=_EDIT),
        Reason.NO_REFERENCE_PRICE: Guide((State.PENDING, *_DENIED_OR_CHANGE), actors=(_OP,), command=_SHOW),
        Reason.NO_SAFE_LOOK_UP: _denied(),
        Reason.DEADLINE_PASSED: Guide((State.EXPIRED,), actors=(_YOU,), command=_AGAIN),
        Reason.DUPLICATE_INTENT_ID: _denied("kubectl get oi -A | grep INTENT_ID_OR_NAME"),
        Reason.IDENTITY_REUSED: _denied(_RECEIPT),
        Reason.REDUCE_ONLY_ACCOUNT: Guide((State.DENIED, *_WAITS_OR_CHANGE), actors=(_OWNER,), command=_ACCOUNT),
        # Before sending.
        Reason.ACCEPTED: Guide(aspect="Accepted"),
        Reason.ACCOUNT_NOT_READY: Guide(_WAITS_OR_CHANGE, actors=(_OP, _OWNER), command=_ACCOUNT),
        Reason.PAUSED: Guide(
            _WAITS_OR_CHANGE, actors=(_YOU,), command="kubectl annotate oi NAME -n NAMESPACE exchangekernel.dev/paused-"
        ),
        Reason.SUSPENDED: Guide(
            _WAITS_OR_CHANGE,
            actors=(_YOU,),
            command='kubectl patch oi NAME -n NAMESPACE --type=merge -p \'{"spec":{"suspend":false}}\'',
        ),
        Reason.GROUP_MISSING: Guide((State.PENDING,), actors=(_YOU,), command="kubectl get og,oi -n NAMESPACE"),
        Reason.NOT_PLACED: Guide((State.PENDING,), actors=(_OP,), command=_RECEIPT),
        Reason.JOURNAL_FOREIGN: Guide(
            (State.PENDING, *_WORKING),
            account=True,
            actors=(_ADMIN,),
            command="kubectl annotate xa ACCOUNT -n ACCOUNT_NAMESPACE exchangekernel.dev/take-over-journal=UID",
        ),
        Reason.CONFIRMATION_REQUIRED: Guide(
            (State.PENDING,),
            actors=(_YOU,),
            command="kubectl annotate oi NAME -n NAMESPACE exchangekernel.dev/confirm-placement=VALUE",
        ),
        Reason.NOTHING_TO_ADOPT: Guide(
            (State.PENDING,),
            actors=(_YOU,),
            command=_ADOPT,
        ),
        Reason.LOOKING_UP: Guide((State.PENDING,), actors=(_OP,), command=_SHOW),
        Reason.ADOPTION_REFUSED: Guide(
            (State.DENIED, State.PENDING),
            actors=(_YOU,),
            command=f"{_ADOPT} --overwrite",
        ),
        # At the venue.
        Reason.SUBMITTING: Guide((State.SUBMITTING,), actors=(_OP,), pending=_REQUESTED),
        Reason.OUTCOME_UNKNOWN: Guide((State.UNKNOWN,), actors=(_OP, _YOU), command=_SHOW, pending=_REQUESTED),
        Reason.PLACED: Guide(aspect="Placed"),
        Reason.WORKING: Guide((State.OPEN, State.PARTIALLY_FILLED)),
        Reason.UNTRIGGERED: Guide((State.UNTRIGGERED,)),
        Reason.CANCELING: Guide(
            (*_WORKING, State.CANCELED), actors=(_OP,), pending=(PendingCommand.CANCEL,), command=_SHOW
        ),
        Reason.AMENDING: Guide(
            (*_WORKING, State.PENDING, State.SUBMITTING, State.UNKNOWN, State.FILLED),
            actors=(_OP,),
            pending=(PendingCommand.AMEND,),
            command=_RECEIPT,
        ),
        Reason.AMEND_FAILED: Guide((State.CANCELED,), actors=(_YOU,), command=_AGAIN),
        Reason.AMEND_REFUSED: Guide(_WORKING, actors=(_YOU,), command=_EDIT),
        Reason.AMEND_NOT_ALLOWED: Guide(_WORKING, actors=(_YOU,), command=_EDIT),
        Reason.TOO_LATE_TO_AMEND: Guide(actors=(_YOU,), command=_AGAIN, aspect="Synced"),
        Reason.ORDER_VANISHED: Guide((*_WORKING, State.UNKNOWN), actors=(_YOU,), command=_SHOW),
        # Ended.
        Reason.FILLED: Guide((State.FILLED,)),
        Reason.CANCELED: Guide((State.CANCELED,)),
        Reason.CANCELED_EXTERNALLY: Guide((State.CANCELED,), actors=(_YOU,), command=_AGAIN),
        Reason.CANCEL_ALL: Guide((State.CANCELED,), actors=(_YOU,), command=_AGAIN),
        Reason.ENDED_BEFORE: Guide((State.CANCELED,), actors=(_YOU,), command=_AGAIN),
        Reason.IMMEDIATE_PART_DONE: Guide((State.EXPIRED,)),
        Reason.EXPIRED: Guide((State.EXPIRED,), actors=(_YOU,), command=_AGAIN),
        Reason.REJECTED: Guide((State.REJECTED,), actors=(_YOU,), command=_SHOW),
        Reason.INSUFFICIENT_FUNDS: Guide((State.REJECTED,), actors=(_YOU, _OWNER), command=_STATE),
        Reason.POST_ONLY_WOULD_TAKE: Guide((State.REJECTED,), actors=(_YOU,), command=_AGAIN),
        Reason.SETTLING: Guide(actors=(_OP,), aspect="Completed"),
        Reason.SETTLED: Guide(aspect="Completed"),
        Reason.NOT_ENDED: Guide(aspect="Completed"),
        # Contact.
        Reason.IN_SYNC: Guide(aspect="Synced"),
        Reason.VENUE_UNREACHABLE: Guide(account=True, actors=(_OP,), command=_ACCOUNT, aspect="Synced"),
        # Accounts.
        Reason.CONNECTED: Guide(account=True, aspect="Connected"),
        Reason.AUTHENTICATED: Guide(account=True, aspect="Authenticated"),
        Reason.TRADING: Guide(account=True),
        Reason.CONNECTING: Guide(account=True, actors=(_OP,), command=_ACCOUNT),
        Reason.UNSUPPORTED_EXCHANGE: Guide(account=True, actors=(_OWNER,), command=_ACCOUNT),
        Reason.ENDPOINT_NOT_ALLOWED: Guide(account=True, actors=(_ADMIN, _OWNER), command=_ACCOUNT),
        Reason.SECRET_NOT_FOUND: Guide(account=True, actors=(_OWNER,), command=_SECRET),
        Reason.SECRET_MALFORMED: Guide(account=True, actors=(_OWNER,), command=_SECRET),
        Reason.AUTHENTICATION_FAILED: Guide(account=True, actors=(_OWNER,), command=_SECRET),
        Reason.PERMISSION_MISSING: Guide(account=True, actors=(_OWNER,), command=_ACCOUNT),
        Reason.ACCOUNT_CHANGED: Guide(
            tuple(state for state in State if state is not State.DENIED),
            account=True,
            actors=(_OWNER,),
            command=_ACCOUNT,
        ),
        Reason.CLOCK_SKEW: Guide(account=True, actors=(_ADMIN,), command=_ACCOUNT),
        Reason.RATE_LIMITED: Guide(_WAITS_OR_CHANGE, account=True, actors=(_OP, _OWNER), command=_STATE),
        Reason.HALTED: Guide((*_WAITS_OR_CHANGE, State.CANCELED), account=True, actors=(_OWNER,), command=_ACCOUNT),
        Reason.TERMINATING: Guide(_WAITS_OR_CHANGE, account=True, actors=(_OWNER,), command=_ACCOUNT),
    }
)

# Words in `placements[].reason` of receipts that are no reasons of a condition.
RECEIPT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        # NotPlaced: nothing reached the venue's engine, and another attempt follows.
        "PartnerMissing": "Not all orders of its list were ready in time; nothing was sent.",
        "SendWindowMissed": "The send window closed before the request could be written; nothing was sent.",
        "GateClosed": "When its turn came, the order was not to be sent any more; nothing was sent.",
        "ObjectChanged": "The OrderIntent changed while the operator claimed it; nothing was sent.",
        "ConnectionRefused": "There was no connection to the venue; nothing was sent.",
        "NotSent": "The request failed before it was written; nothing was sent.",
        "Maintenance": "The venue turned the request away for its maintenance.",
        # Refused: for good; the message has the venue's words.
        "AccountDisabled": "The venue has disabled the account, or its trading.",
        "AccountMode": "The venue's account is in a mode that does not take the order.",
        "AmendNotSupported": "The venue does not change such an order in place.",
        "AmendRejected": "The venue refused to change the order.",
        "CancelRejected": "The venue refused to cancel the order.",
        "ClientOrderIdMismatch": "The venue has another client order id for the order.",
        "FilterFailure": "The order breaks a rule of the market that the venue enforces.",
        "InvalidPrecision": "A number has more digits than the venue takes.",
        "InvalidPrice": "The venue does not take the price.",
        "InvalidRequest": "The venue does not take the request as it is.",
        "NoChange": "The change would change nothing.",
        "OrderRejected": "The venue refused the order.",
        "QuantityIncrease": "The venue only lowers quantities in place.",
        "TooManyOpenOrders": "The venue's own limit of open orders is reached.",
        # Absent, or found without a record.
        "AbsenceProven": "The fence has passed and every query of the profile found nothing.",
        "Confirmed": "A human has said that the order is not at the venue (confirm-placement).",
        "InterruptedStart": "A guard, never sent: the operator crashed between the finalizer and the receipt.",
        "ReceiptLost": "A guard, never sent: the object was seen before and its receipt was missing.",
        "Adopted": "The order was found at the venue, or named by adopt-order-id.",
        "LineageLost": "The order was found as the replacement of others, of which nothing is recorded.",
        "AmendGivenUp": "The order was canceled to be replaced, and nothing replaces it.",
    }
)
