"""What Coinbase Advanced Trade's error codes prove about an order request.

Sources: [O] the API reference, "Create Order", `NewOrderFailureReason` and `PreviewFailureReason` (names without
explanations: each is read as what it says, and what says nothing is left out); [A] the API reference, "API key
authentication" and "Rate limits"; [C] ccxt 4.5.90. A code that is not listed proves nothing, `UNKNOWN_FAILURE_REASON`
among them.

A refusal comes as HTTP 200 with `success: false`, or as HTTP 4xx; which of the two a code uses is not documented.
"""

from exchange_kernel.exchange.profiles.parts import CodeRow, Proof

UNAUTHORIZED = "Unauthorized"
"""The whole body of a 401 answer, in place of JSON [C]."""

_REFUSED, _NOT_PLACED = Proof.REFUSED, Proof.NOT_PLACED

# By reason, as [O] names them. Most reasons of a new order exist once more for the check in front of it.
_BY_REASON = {
    "InsufficientFunds": (
        "INSUFFICIENT_FUND",
        "INSUFFICIENT_FUNDS",
        "INVALID_LEDGER_BALANCE",
        "INSUFFICIENT_LEDGER_BALANCE",
    ),
    "PostOnlyWouldTake": ("INVALID_LIMIT_PRICE_POST_ONLY",),
    "TriggerAlreadyCrossed": (
        "STOP_ALREADY_TRIGGERED",
        "STOP_TRIGGERED",
        "STOP_PRICE_ABOVE_LAST_TRADE_PRICE",
        "STOP_PRICE_BELOW_LAST_TRADE_PRICE",
    ),
    "InvalidPrecision": (
        "INVALID_SIZE_PRECISION",
        "INVALID_PRICE_PRECISION",
        "INVALID_QUOTE_SIZE_PRECISION",
        "INVALID_LIMIT_PRICE_PRECISION",
        "INVALID_STOP_PRICE_PRECISION",
    ),
    "FilterFailure": (
        "INVALID_BASE_SIZE_TOO_LARGE",
        "INVALID_BASE_SIZE_TOO_SMALL",
        "INVALID_QUOTE_SIZE_TOO_LARGE",
        "INVALID_QUOTE_SIZE_TOO_SMALL",
        "INVALID_PRICE_TOO_LARGE",
        "LIMIT_PRICE_TOO_FAR_FROM_MARKET",
        "LIMIT_ORDER_PRICE_EXCEEDS_PRICE_BAND_ON_BUY",
        "LIMIT_ORDER_PRICE_EXCEEDS_PRICE_BAND_ON_SELL",
        "BREACHED_PRICE_LIMIT",
        "STOP_PRICE_ABOVE_LIMIT_PRICE",
        "STOP_PRICE_BELOW_LIMIT_PRICE",
    ),
    "UnknownSymbol": ("INVALID_PRODUCT_ID", "UNTRADABLE_PRODUCT", "INELIGIBLE_PAIR"),
    "InvalidRequest": (
        "UNSUPPORTED_ORDER_CONFIGURATION",
        "INVALID_ORDER_CONFIG",
        "INVALID_SIDE",
        "INVALID_LIMIT_PRICE",
        "INVALID_STOP_PRICE",
        "INVALID_REQUEST",
        "NON_NUMERIC_ORDER_SIZE",
        "FOK_DISABLED",
        "FOK_ONLY_ALLOWED_ON_LIMIT_ORDERS",
        "POST_ONLY_NOT_ALLOWED_WITH_FOK",
        "INVALID_END_TIME",
        "END_TIME_IS_IN_THE_PAST",
        "END_TIME_TOO_FAR_IN_FUTURE",
        "GTD_ORDERS_MUST_HAVE_END_TIME",
        "QUOTE_ORDERS_NOT_ALLOWED_FOR_PRODUCT",
    ),
    "OrderRejected": (
        "COMMANDER_REJECTED_NEW_ORDER",
        "INVALID_NO_LIQUIDITY",
        "MISSING_MARKET_TRADE_DATA",
        "MISSING_PRODUCT_PRICE_BOOK",
        "NOT_ALLOWED_BY_MARKET_STATE",
    ),
    "AccountDisabled": ("GEOFENCING_RESTRICTION", "BREACHED_RISK_LIMIT", "MAX_DAILY_VOLUME_NOTIONAL_BREACHED"),
}

CODES: tuple[CodeRow, ...] = (
    *(
        CodeRow(prefix + code, _REFUSED, reason)
        for reason, codes in _BY_REASON.items()
        for code in codes
        for prefix in ("", "PREVIEW_")
    ),
    # Not now: the same order may be taken later.
    CodeRow("ORDER_ENTRY_DISABLED", _NOT_PLACED, "Maintenance"),
    CodeRow("TRADING_DISABLED", _NOT_PLACED, "Maintenance"),
    CodeRow("PREVIEW_TRADING_DISABLED", _NOT_PLACED, "Maintenance"),
    CodeRow("PRODUCT_TRADING_HALTED", _NOT_PLACED, "Maintenance"),
    CodeRow("PREVIEW_PRODUCT_TRADING_HALTED", _NOT_PLACED, "Maintenance"),
    # [O] lists it beside "the existing order is returned": if it ever comes, the order is there.
    CodeRow("DUPLICATE_CLIENT_ORDER_ID", Proof.DUPLICATE, "DuplicateId"),
    # In front of the engine.
    CodeRow("rate_limit_exceeded", _NOT_PLACED, "RateLimited"),  # [A] with HTTP 429
    CodeRow("RESOURCE_EXHAUSTED", _NOT_PLACED, "RateLimited"),  # [C]
    CodeRow(UNAUTHORIZED, _NOT_PLACED, "AuthenticationFailed"),
    CodeRow("unauthorized", _NOT_PLACED, "AuthenticationFailed"),  # [C] "not authorized to perform this operation"
    CodeRow("authentication_error", _NOT_PLACED, "AuthenticationFailed"),  # [C]
    CodeRow("invalid_token", _NOT_PLACED, "AuthenticationFailed"),  # [C]
    CodeRow("UNAUTHENTICATED", _NOT_PLACED, "AuthenticationFailed"),
    CodeRow("PERMISSION_DENIED", _NOT_PLACED, "AuthenticationFailed"),
    CodeRow("INVALID_ARGUMENT", _REFUSED, "InvalidRequest"),  # [C]
    # Queries. The code alone says nothing ("unknown"), the text does.
    CodeRow("unknown", Proof.NO_SUCH_ORDER, "NoSuchOrder", text="order with this orderID was not found"),  # [C]
    CodeRow("NOT_FOUND", Proof.NO_SUCH_ORDER, "NoSuchOrder", text="order"),
)
