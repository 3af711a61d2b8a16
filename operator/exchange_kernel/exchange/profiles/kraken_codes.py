"""What Kraken spot's error texts prove about a request.

An error is `E<category>:<what>`, some with a detail behind a second colon; the code here is the first two parts. They
come in answers with status 200. A text that is not listed proves nothing.

Sources: [E] docs.kraken.com, guide "Spot Error Messages"; [L] guide "Spot REST Rate Limits"; [O] observed by users of
the API and told in public, not in the documentation.
"""

from exchange_kernel.exchange.profiles.parts import CodeRow, Proof

_REFUSED, _NOT_PLACED, _AMBIGUOUS = Proof.REFUSED, Proof.NOT_PLACED, Proof.AMBIGUOUS

CODES: tuple[CodeRow, ...] = (
    # in front of everything: key, signature, nonce, limits
    CodeRow("EAPI:Invalid key", _NOT_PLACED, "AuthenticationFailed"),  # [E]
    CodeRow("EAPI:Invalid signature", _NOT_PLACED, "AuthenticationFailed"),  # [E]
    CodeRow("EAPI:Invalid nonce", _NOT_PLACED, "ClockSkew"),  # [E] our clock fell behind who signed before
    CodeRow("EGeneral:Permission denied", _NOT_PLACED, "AuthenticationFailed"),  # [E] the key may not do this
    CodeRow("EAuth:Account temporary disabled", _NOT_PLACED, "AuthenticationFailed"),  # [E]
    CodeRow("EAuth:Account unconfirmed", _NOT_PLACED, "AuthenticationFailed"),  # [E]
    CodeRow("EAPI:Rate limit exceeded", _NOT_PLACED, "RateLimited"),  # [L] the account's call counter
    CodeRow("EAuth:Rate limit exceeded", _NOT_PLACED, "RateLimited"),  # [E]
    CodeRow("EAuth:Too many requests", _NOT_PLACED, "RateLimited"),  # [E]
    CodeRow("EService:Throttled", _NOT_PLACED, "RateLimited"),  # [L] too many requests at once
    CodeRow("EGeneral:Temporary lockout", _NOT_PLACED, "RateLimited"),  # [E] too many EAPI:Invalid key in a row
    CodeRow("EOrder:Rate limit exceeded", _NOT_PLACED, "RateLimited"),  # [L] the pair's order counter
    CodeRow("EOrder:Domain rate limit exceeded", _NOT_PLACED, "RateLimited"),  # [L]
    # the venue's state
    CodeRow("EService:Market in cancel_only mode", _NOT_PLACED, "Maintenance"),  # [E]
    CodeRow("EService:Market in post_only mode", _NOT_PLACED, "Maintenance"),  # [E]
    CodeRow("EService:Market in limit_only mode", _NOT_PLACED, "Maintenance"),  # [O]
    # "The matching engine or API is offline" [E], and yet orders were found placed after it [O]: it proves nothing.
    CodeRow("EService:Unavailable", _AMBIGUOUS, "Maintenance"),
    CodeRow("EService:Busy", _AMBIGUOUS, "Maintenance"),  # [O]
    CodeRow("EService:Deadline elapsed", _AMBIGUOUS, "VenueUncertain"),  # [E] "timed out", not where
    CodeRow("EGeneral:Internal error", _AMBIGUOUS, "VenueUncertain"),  # [E] "contact support"
    # the request itself
    CodeRow("EGeneral:Invalid arguments", Proof.DUPLICATE, "DuplicateId", text="cl_ord_id not unique"),  # [O]
    CodeRow("EGeneral:Invalid arguments", _REFUSED, "InvalidRequest"),  # [E] "malformed, incorrect or ambiguous"
    CodeRow("EGeneral:Unknown method", _REFUSED, "InvalidRequest"),
    CodeRow("ETrade:Invalid request", _REFUSED, "InvalidRequest"),  # [E]
    CodeRow("EQuery:Unknown asset pair", _REFUSED, "UnknownSymbol"),
    CodeRow("EOrder:Invalid price", _REFUSED, "InvalidPrecision", text="can only be specified up to"),  # [O]
    CodeRow("EOrder:Invalid price", _REFUSED, "InvalidPrice"),  # [E]
    CodeRow("EOrder:Tick size check failed", _REFUSED, "InvalidPrecision"),  # [E]
    CodeRow("EOrder:Order minimum not met", _REFUSED, "FilterFailure"),  # [E] ordermin
    CodeRow("EOrder:Cost minimum not met", _REFUSED, "FilterFailure"),  # [E] costmin
    CodeRow("EOrder:Orders limit exceeded", _REFUSED, "TooManyOpenOrders"),  # [E], [L]
    CodeRow("EOrder:Scheduled orders limit exceeded", _REFUSED, "TooManyOpenOrders"),  # [E]
    CodeRow("EOrder:Insufficient funds", _REFUSED, "InsufficientFunds"),  # [E]
    CodeRow("EOrder:Post only order", _REFUSED, "PostOnlyWouldTake"),  # [O]
    CodeRow("EOrder:Invalid order", _REFUSED, "InvalidRequest"),  # [O]
    *(
        CodeRow(code, _REFUSED, "OrderRejected")
        for code in (
            "EOrder:Cannot open opposing position",  # [E], and all of the following: margin, which is not traded here
            "EOrder:Cannot open position",
            "EOrder:Margin allowance exceeded",
            "EOrder:Margin level too low",
            "EOrder:Margin position size exceeded",
            "EOrder:Insufficient margin",
            "EOrder:Positions limit exceeded",
            "EOrder:Reduce only",
            "EOrder:Unknown position",
            "EBM:limit exceeded",  # [E] Canadian acquisition limits
        )
    ),
    CodeRow("EAccount:Invalid permissions", _REFUSED, "AccountDisabled"),  # [E]
    CodeRow("ETrade:User Locked", _REFUSED, "AccountDisabled"),  # [O]
    # cancels, amends and queries
    CodeRow("EOrder:Unknown order", Proof.NO_SUCH_ORDER, "NoSuchOrder"),  # [O] also of one that has ended
)

# [L] counters of one account and pair: they slow neither another account nor the account's reads.
ACCOUNT_LIMITS = frozenset({"EOrder:Rate limit exceeded", "EOrder:Domain rate limit exceeded"})


def code_of(text: str) -> str:
    """The part of an error's text by which it is listed: severity and category, and what."""
    category, _, rest = text.partition(":")
    return f"{category.strip()}:{rest.partition(':')[0].strip()}"
