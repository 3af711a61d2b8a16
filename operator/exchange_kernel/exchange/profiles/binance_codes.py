"""What Binance spot's error codes prove about an order request.

Sources: [E] binance-spot-api-docs `errors.md`; [G] `rest-api.md`, general information; [A]
`faqs/order_amend_keep_priority.md`; [P] observed with ccxt 4.5.90
against a local venue (what ccxt makes of the answer), see `docs/`. A code that is not listed proves nothing.
"""

from exchange_kernel.exchange.profiles.parts import CodeRow, Proof

_REFUSED, _NOT_PLACED = Proof.REFUSED, Proof.NOT_PLACED

CODES: tuple[CodeRow, ...] = (
    # 10xx: general server or network issues
    CodeRow("-1000", Proof.AMBIGUOUS, "VenueUncertain"),  # [E] UNKNOWN: "an unknown error occurred while processing"
    CodeRow("-1001", Proof.AMBIGUOUS, "VenueUncertain"),  # [E] DISCONNECTED: "unable to process your request"
    CodeRow("-1006", Proof.AMBIGUOUS, "VenueUncertain"),  # [E] UNEXPECTED_RESP: "execution status unknown"
    CodeRow("-1007", Proof.AMBIGUOUS, "VenueUncertain"),  # [E] TIMEOUT: "send status unknown; execution status unknown"
    CodeRow("-1008", Proof.AMBIGUOUS, "VenueUncertain"),  # [E] SERVER_BUSY: no word on whether the engine saw it
    CodeRow(
        "-1003", _NOT_PLACED, "RateLimited"
    ),  # [E] TOO_MANY_REQUESTS, [G] 429 and 418 are sent instead of processing
    CodeRow("-1015", _NOT_PLACED, "RateLimited"),  # [E] TOO_MANY_ORDERS: the account's own order count
    CodeRow("-1021", _NOT_PLACED, "ClockSkew"),  # [E] INVALID_TIMESTAMP, [G] checked before processing
    CodeRow("-1002", _NOT_PLACED, "AuthenticationFailed"),  # [E] UNAUTHORIZED
    CodeRow("-1022", _NOT_PLACED, "AuthenticationFailed"),  # [E] INVALID_SIGNATURE
    CodeRow("-2014", _NOT_PLACED, "AuthenticationFailed"),  # [E] BAD_API_KEY_FMT
    CodeRow("-2015", _NOT_PLACED, "AuthenticationFailed"),  # [E] REJECTED_MBX_KEY: key, address or permission
    # -1013: filters; one text is no refusal of the order as such
    CodeRow("-1013", _NOT_PLACED, "Maintenance", text="Market is closed"),  # [E] messages for -1010, -2010, -2011
    CodeRow("-1013", _REFUSED, "FilterFailure"),  # [E] "Filter failure: ..." and other invalid messages
    CodeRow("-1014", _REFUSED, "InvalidRequest"),  # [E] UNKNOWN_ORDER_COMPOSITION
    CodeRow("-1020", _REFUSED, "InvalidRequest"),  # [E] UNSUPPORTED_OPERATION
    # 11xx: issues with the request, found before the engine
    *(
        CodeRow(code, _REFUSED, "InvalidRequest")
        for code in (
            "-1100",  # [E] ILLEGAL_CHARS
            "-1101",  # [E] TOO_MANY_PARAMETERS
            "-1102",  # [E] MANDATORY_PARAM_EMPTY_OR_MALFORMED
            "-1103",  # [E] UNKNOWN_PARAM
            "-1104",  # [E] UNREAD_PARAMETERS
            "-1105",  # [E] PARAM_EMPTY
            "-1106",  # [E] PARAM_NOT_REQUIRED
            "-1108",  # [E] PARAM_OVERFLOW
            "-1114",  # [E] TIF_NOT_REQUIRED
            "-1115",  # [E] INVALID_TIF
            "-1116",  # [E] INVALID_ORDER_TYPE
            "-1117",  # [E] INVALID_SIDE
            "-1118",  # [E] EMPTY_NEW_CL_ORD_ID
            "-1128",  # [E] OPTIONAL_PARAMS_BAD_COMBO
            "-1130",  # [E] INVALID_PARAMETER
            "-1131",  # [E] BAD_RECV_WINDOW
            "-1158",  # [E] OCO_ORDER_TYPE_REJECTED
            "-1165",  # [E] BUY_OCO_LIMIT_MUST_BE_BELOW
            "-1166",  # [E] SELL_OCO_LIMIT_MUST_BE_ABOVE
            "-1168",  # [E] BOTH_OCO_ORDERS_CANNOT_BE_LIMIT
            "-1196",  # [E] BUY_OCO_STOP_LOSS_MUST_BE_ABOVE
            "-1197",  # [E] SELL_OCO_STOP_LOSS_MUST_BE_BELOW
            "-1198",  # [E] BUY_OCO_TAKE_PROFIT_MUST_BE_BELOW
            "-1199",  # [E] SELL_OCO_TAKE_PROFIT_MUST_BE_ABOVE
        )
    ),
    CodeRow("-1111", _REFUSED, "InvalidPrecision"),  # [E] BAD_PRECISION
    CodeRow("-1121", _REFUSED, "UnknownSymbol"),  # [E] BAD_SYMBOL
    # -2010: refused by the engine; the text says why [E "Messages for -1010, -2010, -2011"]
    CodeRow("-2010", Proof.DUPLICATE, "DuplicateId", text="Duplicate order sent"),  # [P] ccxt says InvalidOrder
    CodeRow("-2010", _NOT_PLACED, "Maintenance", text="Market is closed"),
    CodeRow("-2010", _REFUSED, "InsufficientFunds", text="insufficient balance"),
    CodeRow("-2010", _REFUSED, "PostOnlyWouldTake", text="would immediately match"),
    CodeRow("-2010", _REFUSED, "TriggerAlreadyCrossed", text="would trigger immediately"),
    CodeRow("-2010", _REFUSED, "TriggerAlreadyCrossed", text="relationship of the prices"),  # of a list's two orders
    CodeRow("-2010", _REFUSED, "AccountDisabled", text="disabled on this account"),
    CodeRow("-2010", _REFUSED, "AccountDisabled", text="may not place or cancel orders"),
    CodeRow("-2010", _REFUSED, "OrderRejected"),
    # cancels and queries
    CodeRow("-2011", Proof.NO_SUCH_ORDER, "NoSuchOrder", text="Unknown order sent"),
    CodeRow("-2011", _REFUSED, "CancelRejected"),
    CodeRow("-2013", Proof.NO_SUCH_ORDER, "NoSuchOrder"),  # [E] NO_SUCH_ORDER
    # Not in [E]: the answer to a query of an unknown list, reported as binance-spot-api-docs pull request 43.
    CodeRow("-2018", Proof.NO_SUCH_ORDER, "NoSuchOrderList", text="rder list does not exist"),
    # amends [E "Messages for -1010, -2010, -2011, and -2038"]: "the order remains unchanged" when one is refused [A]
    CodeRow("-2038", Proof.NO_SUCH_ORDER, "NoSuchOrder", text="Unknown order sent"),
    CodeRow("-2038", _NOT_PLACED, "Maintenance", text="Market is closed"),
    CodeRow("-2038", _REFUSED, "AmendNotSupported", text="Order amend is not supported"),
    CodeRow("-2038", _REFUSED, "QuantityIncrease", text="quantity increase"),
    CodeRow("-2038", _REFUSED, "NoChange", text="would change no state"),
    CodeRow("-2038", _REFUSED, "AmendRejected"),
    CodeRow("-2039", _REFUSED, "ClientOrderIdMismatch"),  # [E] "Client order ID is not correct for this order ID."
    # -2026 ORDER_ARCHIVED is left out on purpose: the order did exist, so it is no absence.
)
