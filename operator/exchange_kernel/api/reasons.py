"""Every reason that a condition can give, what it means, and what to do about it.

Programs compare the reason, humans read the two sentences; the page "what does this status mean" is made from here, so
no reason can be missing in it.
"""

from exchange_kernel.api.explained import Explained


class Reason(Explained):
    """A condition's reason; `meaning` says what is the case, `remedy` what to do (empty: nothing)."""

    # Denied: refused before anything was sent.
    INVALID_SPEC = (
        "InvalidSpec",
        "The spec breaks a rule of its kind.",
        "Edit the spec as the message says.",
    )
    ACCOUNT_NOT_FOUND = (
        "AccountNotFound",
        "The ExchangeAccount that accountRef names does not exist.",
        "Create it, or create a new OrderIntent with another accountRef.",
    )
    NAMESPACE_NOT_ALLOWED = (
        "NamespaceNotAllowed",
        "The account does not allow orders from this namespace.",
        "Ask the account's owner to add the namespace to spec.allowedNamespaces.",
    )
    UNKNOWN_SYMBOL = (
        "UnknownSymbol",
        "The venue has no such market, or it is not trading.",
        "Create a new OrderIntent with a symbol that the venue trades, in ccxt's form (BTC/USDT).",
    )
    NOT_SUPPORTED = (
        "NotSupported",
        "The venue, or this version of the operator, cannot do what the spec asks for.",
        "Use another type or option; the account's status.capabilities lists what can be done.",
    )
    NOT_ON_GRID = (
        "NotOnGrid",
        "A quantity or price is not a multiple of the market's step.",
        "Write one of the valid values in the message, or set roundingPolicy: Conservative.",
    )
    BELOW_MINIMUM = (
        "BelowMinimum",
        "The order is smaller than the market's minimum.",
        "Raise quantity or price as the message says.",
    )
    ABOVE_MAXIMUM = (
        "AboveMaximum",
        "The order is larger than the market's maximum.",
        "Lower quantity or price as the message says, or split the order.",
    )
    LIMIT_EXCEEDED = (
        "LimitExceeded",
        "The order exceeds a limit of the account.",
        "Make it smaller, or ask the account's owner to change spec.limits.",
    )
    OPEN_ORDERS_LIMIT = (
        "OpenOrdersLimit",
        "As many orders of the account work as its limits allow, or as the venue takes; the order waits for a place.",
        "Wait, cancel another order, or ask the account's owner to change spec.limits.maxOpenOrders.",
    )
    TRIGGER_ALREADY_CROSSED = (
        "TriggerAlreadyCrossed",
        "The market is already beyond the trigger price.",
        "Change triggerPrice; the message has the market's price.",
    )
    NO_REFERENCE_PRICE = (
        "NoReferencePrice",
        "The order can only be judged by a fresh market price, and there is none; nothing is sent.",
        "Wait; if the venue has no price for the market, place an order that needs none (a Limit order).",
    )
    NO_SAFE_LOOK_UP = (
        "NoSafeLookUp",
        "The venue can neither look an order up by its client id nor refuse a second one.",
        "Use placement.policy CreateOnly with submitBefore.",
    )
    DEADLINE_PASSED = (
        "DeadlinePassed",
        "The order was not sent before its deadline, and will not be.",
        "Create a new OrderIntent with a new name.",
    )
    DUPLICATE_INTENT_ID = (
        "DuplicateIntentId",
        "Another live OrderIntent has the same identity and owns the order.",
        "Create a new OrderIntent with another intentId or name.",
    )
    IDENTITY_REUSED = (
        "IdentityReused",
        "The name or intentId was used for an order with other values.",
        "Create a new OrderIntent with a new name: a new trade needs a new one.",
    )
    REDUCE_ONLY_ACCOUNT = (
        "ReduceOnlyAccount",
        "The account takes only orders that reduce exposure.",
        "Ask the account's owner to set tradingState: Enabled.",
    )

    # Before sending.
    ACCEPTED = ("Accepted", "The spec passed all checks.")
    ACCOUNT_NOT_READY = (
        "AccountNotReady",
        "The account cannot trade at present; the order waits.",
        "See the conditions of the ExchangeAccount.",
    )
    PAUSED = (
        "Paused",
        "The annotation exchangekernel.dev/paused holds the operator back.",
        "Remove the annotation.",
    )
    SUSPENDED = ("Suspended", "The spec holds the order back (suspend).", "Set spec.suspend: false.")
    GROUP_MISSING = (
        "GroupMissing",
        "The order is a leg of an OrderGroup that is not there; nothing is sent without it.",
        "Restore the OrderGroup; delete the OrderIntent if it is a left-over.",
    )
    NOT_PLACED = ("NotPlaced", "The last attempt provably did not reach the venue; another follows.")
    JOURNAL_FOREIGN = (
        "JournalForeign",
        "The account belongs to the journal of another installation, or its journal was lost.",
        "If the other one is gone for good: set exchangekernel.dev/take-over-journal as the message says.",
    )
    CONFIRMATION_REQUIRED = (
        "ConfirmationRequired",
        "The order was seen before but its receipt is lost, so it may be at the venue.",
        "Look at the venue; then set exchangekernel.dev/confirm-placement to the value in the message, or delete this.",
    )
    NOTHING_TO_ADOPT = (
        "NothingToAdopt",
        "The policy is AdoptOnly and the venue has no such order.",
        "Set exchangekernel.dev/adopt-order-id, or create a new OrderIntent that may be created.",
    )
    LOOKING_UP = ("LookingUp", "The venue is asked whether it has the order.")
    ADOPTION_REFUSED = (
        "AdoptionRefused",
        "The order that exchangekernel.dev/adopt-order-id names belongs to another intent or does not match.",
        "Correct the annotation.",
    )

    # At the venue.
    SUBMITTING = ("Submitting", "The order is being sent.")
    OUTCOME_UNKNOWN = (
        "OutcomeUnknown",
        "The order was sent and its outcome is not proven; nothing is sent again before it is.",
        "Wait: the operator looks it up. If the message says so, look at the venue and confirm.",
    )
    PLACED = ("Placed", "The venue has the order.")
    WORKING = ("Working", "The order works at the venue as the spec says.")
    UNTRIGGERED = ("Untriggered", "The order waits at the venue for its trigger.")
    CANCELING = ("Canceling", "The cancel is under way; its end is read back before anything else.")
    AMENDING = ("Amending", "A change of the order is under way.")
    AMEND_FAILED = (
        "AmendFailed",
        "The order was canceled to be replaced by one with other values, and the replacement was not placed.",
        "The message says why; create a new OrderIntent for what is still wanted.",
    )
    AMEND_REFUSED = (
        "AmendRefused",
        "The venue refused to change the order; it works on with its former values.",
        "Set other values, or the former ones again; the message has the venue's words.",
    )
    AMEND_NOT_ALLOWED = (
        "AmendNotAllowed",
        "The change is not allowed in the only way in which it could be made; the order keeps its values.",
        "Set the former values again, or change what the message names (amendPolicy, for instance).",
    )
    TOO_LATE_TO_AMEND = (
        "TooLateToAmend",
        "The order was filled completely before the change took hold.",
        "Create a new OrderIntent for what is still wanted.",
    )
    ORDER_VANISHED = (
        "OrderVanished",
        "The venue does not know the order any more; it is not placed again.",
        "Look at the venue's history; create a new OrderIntent if the order is still wanted.",
    )

    # Ended.
    FILLED = ("Filled", "The order was filled completely.")
    CANCELED = ("Canceled", "The order was canceled as wished.")
    CANCELED_EXTERNALLY = (
        "CanceledExternally",
        "Somebody else, or the venue, canceled the order; it is not placed again.",
        "Create a new OrderIntent with a new name if it is still wanted.",
    )
    CANCEL_ALL = (
        "CancelAll",
        "The account's cancelAllToken canceled every order that existed then.",
        "Create a new OrderIntent with a new name if it is still wanted.",
    )
    ENDED_BEFORE = (
        "EndedBefore",
        "The order of this name had ended before this object was created.",
        "Create a new OrderIntent with a new name or intentId.",
    )
    IMMEDIATE_PART_DONE = ("ImmediatePartDone", "An IOC order took what the market gave, and the rest has ended.")
    EXPIRED = (
        "Expired",
        "The order's time in force ended before it was filled.",
        "Create a new OrderIntent with a new name for what is still wanted.",
    )
    REJECTED = (
        "Rejected",
        "The venue refused the order.",
        "The message has the venue's words; create a new OrderIntent with a new name.",
    )
    INSUFFICIENT_FUNDS = (
        "InsufficientFunds",
        "The account does not hold enough for the order.",
        "Fund the account, or create a new, smaller OrderIntent.",
    )
    POST_ONLY_WOULD_TAKE = (
        "PostOnlyWouldTake",
        "A postOnly order would have traded at once.",
        "Create a new OrderIntent with another price.",
    )
    SETTLING = ("Settling", "The order has ended; its last trades and fees are being read.")
    SETTLED = ("Settled", "The order has ended and all its fills are known.")
    NOT_ENDED = ("NotEnded", "The order has not ended.")

    # Contact.
    IN_SYNC = ("InSync", "The status shows the venue's present state.")
    VENUE_UNREACHABLE = (
        "VenueUnreachable",
        "The venue does not answer; the last known state is shown.",
        "Wait; check the network and the venue's status page.",
    )

    # Accounts.
    CONNECTED = ("Connected", "The venue answers.")
    AUTHENTICATED = ("Authenticated", "The venue accepts the credentials.")
    TRADING = ("Trading", "The account can trade.")
    CONNECTING = ("Connecting", "The session with the venue is being opened.")
    UNSUPPORTED_EXCHANGE = (
        "UnsupportedExchange",
        "The operator has no profile for this exchange.",
        "Create an ExchangeAccount for one of the exchanges in the message.",
    )
    ENDPOINT_NOT_ALLOWED = (
        "EndpointNotAllowed",
        "The operator's settings do not allow this endpoint.",
        "Add it to the operator's allowed endpoints, or create an account without it.",
    )
    SECRET_NOT_FOUND = (
        "SecretNotFound",
        "The Secret that credentialsSecretRef names does not exist, or may not be read.",
        "Create the Secret, of type exchangekernel.dev/credentials.",
    )
    SECRET_MALFORMED = (
        "SecretMalformed",
        "The Secret has the wrong type or keys.",
        "Correct the Secret as the message says.",
    )
    AUTHENTICATION_FAILED = (
        "AuthenticationFailed",
        "The venue refuses the credentials.",
        "Put a valid API key into the Secret.",
    )
    PERMISSION_MISSING = (
        "PermissionMissing",
        "The API key may not trade.",
        "Give the key the right to trade, or use another one.",
    )
    ACCOUNT_CHANGED = (
        "AccountChanged",
        "The credentials belong to another account of the venue than before.",
        "Put the former account's key back, or create a new ExchangeAccount.",
    )
    CLOCK_SKEW = (
        "ClockSkew",
        "The operator's clock and the venue's are too far apart.",
        "Synchronise the clock of the node.",
    )
    RATE_LIMITED = (
        "RateLimited",
        "The requests that the venue grants are used up for the moment; cancels go on, what can wait does.",
        "Wait; if it persists, use fewer programs with this key or address, or set the account's spec.rateLimitFactor.",
    )
    HALTED = (
        "Halted",
        "The account is halted (tradingState): nothing is sent, and the orders of haltScope are canceled for good.",
        "Ask the account's owner to set tradingState: Enabled; for an order that the halt has canceled use a new name.",
    )
    TERMINATING = (
        "Terminating",
        "The account is being deleted: it only cancels.",
        "Wait for its end; create a new ExchangeAccount for new orders.",
    )
