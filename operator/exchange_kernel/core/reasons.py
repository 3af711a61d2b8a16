"""Every reason that a condition of an OrderIntent can carry, with what it means and what to do about it.

Reasons of what the market forbids come from `market_rules`, those of the venue's refusals from the venue itself
(reason `RejectedByVenue`, its own words in the message).
"""

from enum import StrEnum


class Reason(StrEnum):
    """CamelCase words for programs; see `REMEDIES` for humans."""

    # Pending
    ACCEPTED = "Accepted"
    SUSPENDED = "Suspended"
    PAUSED = "Paused"
    ACCOUNT_NOT_FOUND = "AccountNotFound"
    ACCOUNT_NOT_READY = "AccountNotReady"
    ACCOUNT_HALTED = "AccountHalted"
    ACCOUNT_TERMINATING = "AccountTerminating"
    ACCOUNT_CHANGED = "AccountChanged"
    JOURNAL_NOT_OWNED = "JournalNotOwned"
    CONFIRMATION_REQUIRED = "ConfirmationRequired"
    NOTHING_TO_ADOPT = "NothingToAdopt"
    LOOKING_UP = "LookingUp"
    RETRYING = "Retrying"
    # under way
    SUBMITTING = "Submitting"
    OUTCOME_UNKNOWN = "OutcomeUnknown"
    WORKING = "Working"
    WAITING_FOR_TRIGGER = "WaitingForTrigger"
    CANCELING = "Canceling"
    VENUE_UNREACHABLE = "VenueUnreachable"
    ORDER_VANISHED = "OrderVanished"
    AMEND_NOT_AVAILABLE = "AmendNotAvailable"
    # ended
    FILLED = "Filled"
    CANCELED = "Canceled"
    CANCELED_EXTERNALLY = "CanceledExternally"
    EXPIRED = "Expired"
    IMMEDIATE_PART_DONE = "ImmediatePartDone"
    ENDED_BEFORE = "EndedBefore"
    STARTING_DEADLINE_EXCEEDED = "StartingDeadlineExceeded"
    SUBMIT_DEADLINE_EXCEEDED = "SubmitDeadlineExceeded"
    REJECTED_BY_VENUE = "RejectedByVenue"
    # denied
    INVALID_SPEC = "InvalidSpec"
    DUPLICATE_INTENT_ID = "DuplicateIntentId"
    IDENTITY_REUSED = "IdentityReused"
    NAMESPACE_NOT_ALLOWED = "NamespaceNotAllowed"
    UNKNOWN_SYMBOL = "UnknownSymbol"
    NOT_SUPPORTED = "NotSupported"
    POLICY_NOT_POSSIBLE = "PolicyNotPossible"
    MARKET_RULES = "MarketRules"


# Who reads these: the message of the condition says what is the case, this says what to do.
REMEDIES: dict[Reason, str] = {
    Reason.ACCEPTED: "Nothing: the order is about to be sent.",
    Reason.SUSPENDED: "Set spec.suspend to false to let it go on.",
    Reason.PAUSED: "Remove the annotation exchangekernel.dev/paused to let it go on.",
    Reason.ACCOUNT_NOT_FOUND: "Create the ExchangeAccount, or correct spec.accountRef in a new OrderIntent.",
    Reason.ACCOUNT_NOT_READY: "See the conditions of the ExchangeAccount.",
    Reason.ACCOUNT_HALTED: "Set the account's tradingState to Enabled when trading may go on.",
    Reason.ACCOUNT_TERMINATING: "The account is being deleted: its orders are only canceled.",
    Reason.ACCOUNT_CHANGED: "The key belongs to another account at the venue than before: restore the former key, or "
    "create a new ExchangeAccount for the other one.",
    Reason.JOURNAL_NOT_OWNED: "Another installation keeps this account's journal: let that one work, or set "
    "exchangekernel.dev/take-over-journal on the ExchangeAccount to the uid in its status.journal.",
    Reason.CONFIRMATION_REQUIRED: "Look at the venue whether the order was placed. If it was not, and is still "
    "wanted, set the annotation exchangekernel.dev/confirm-placement as the message says.",
    Reason.NOTHING_TO_ADOPT: "placement.policy is AdoptOnly and the venue has no such order.",
    Reason.LOOKING_UP: "Nothing: the venue is asked whether it has the order.",
    Reason.RETRYING: "Nothing: the last attempt provably did not reach the venue, another follows.",
    Reason.SUBMITTING: "Nothing: the request is under way.",
    Reason.OUTCOME_UNKNOWN: "Nothing, usually: the operator looks the order up until its fate is proven, and sends "
    "nothing before. If it stays, look at the venue by the client order id.",
    Reason.WORKING: "Nothing: the order works at the venue.",
    Reason.WAITING_FOR_TRIGGER: "Nothing: the venue holds the order until its trigger.",
    Reason.CANCELING: "Nothing: a cancel is repeated until the order's end is read back.",
    Reason.VENUE_UNREACHABLE: "The status shows the last known state. See the ExchangeAccount's conditions.",
    Reason.ORDER_VANISHED: "The venue does not know an order that it had acknowledged. It is not placed again; ask "
    "the venue.",
    Reason.AMEND_NOT_AVAILABLE: "Restore the former values, or cancel this order and create another.",
    Reason.FILLED: "Nothing.",
    Reason.CANCELED: "Nothing: it was canceled as asked.",
    Reason.CANCELED_EXTERNALLY: "Somebody, or the venue, canceled the order. It is not placed again; for a new order "
    "use a new name.",
    Reason.EXPIRED: "For a new order use a new name.",
    Reason.IMMEDIATE_PART_DONE: "Nothing: an IOC order took what the market gave, and the rest has ended.",
    Reason.ENDED_BEFORE: "The order of this name had ended before this object was created. For a new order use a new "
    "name or intentId.",
    Reason.STARTING_DEADLINE_EXCEEDED: "The order was too old when it could have been sent. For a new order use a "
    "new name, or a longer placement.startingDeadlineSeconds.",
    Reason.SUBMIT_DEADLINE_EXCEEDED: "placement.submitBefore had passed. For a new order use a new name.",
    Reason.REJECTED_BY_VENUE: "See the venue's reason in the message. For another try use a new name.",
    Reason.INVALID_SPEC: "Correct the spec as the message says.",
    Reason.DUPLICATE_INTENT_ID: "Another object already has this identity: delete one, or use another intentId.",
    Reason.IDENTITY_REUSED: "This name was used for a different order: use a new name or intentId.",
    Reason.NAMESPACE_NOT_ALLOWED: "Ask the account's owner to add this namespace to spec.allowedNamespaces.",
    Reason.UNKNOWN_SYMBOL: "Use one of the account's symbols, in ccxt's unified form such as BTC/USDT.",
    Reason.NOT_SUPPORTED: "Use what the message lists; nothing is replaced by something similar.",
    Reason.POLICY_NOT_POSSIBLE: "Use another placement.policy, as the message says.",
    Reason.MARKET_RULES: "Correct the values as the message says.",
}
