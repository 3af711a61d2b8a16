"""What Bybit v5's error codes prove about an order request.

Sources: [E] bybit-exchange/docs `docs/v5/error.mdx` (codes with one line each); [G] `guide.mdx`, authentication;
[L] `rate-limit/rate-limit.mdx`. A code that is not listed proves nothing: among them are 10000 and 10016 (server
time-out, server error), 429 (high load), 170001, 170007, 170032, 170146, 170149 (internal error, time-outs, "create
order failed"), 170310 and 170311 (modification timed out, failed).
"""

from exchange_kernel.exchange.profiles.parts import CodeRow, Proof

TOO_FREQUENT = "403"
"""Stands for [L] "403, access too frequent", which is no JSON."""

_REFUSED, _NOT_PLACED = Proof.REFUSED, Proof.NOT_PLACED


def _rows(proof: Proof, reason: str, *codes: str) -> tuple[CodeRow, ...]:
    return tuple(CodeRow(code, proof, reason) for code in codes)


CODES: tuple[CodeRow, ...] = (
    # In front of the engine [E, G, L].
    *_rows(_NOT_PLACED, "ClockSkew", "10002", "-1"),
    *_rows(_NOT_PLACED, "RateLimited", "10006", "170005", "170222", TOO_FREQUENT),
    *_rows(
        _NOT_PLACED,
        "AuthenticationFailed",
        "10003",  # API key is invalid
        "10004",  # error sign
        "10005",  # permission denied
        "10007",  # user authentication failed
        "10010",  # unmatched IP
        "33004",  # API key expired
        "-2015",  # API key expired (spot)
    ),
    *_rows(_NOT_PLACED, "Maintenance", "170031", "170151"),  # feature suspended, pair not open yet
    *_rows(_REFUSED, "AccountDisabled", "10008", "10009", "10024", "10027", "10028", "170209", "170219", "170241"),
    *_rows(_REFUSED, "UnknownSymbol", "10029", "170121", "170157", "170221"),
    *_rows(_REFUSED, "InvalidRequest", "10001", "10017", "170105", "170115", "170116", "170117", "170130", "170201"),
    # The order itself [E].
    *_rows(Proof.DUPLICATE, "DuplicateId", "170141", "110072"),
    *_rows(_REFUSED, "InsufficientFunds", "170033", "170131", "110004", "110007", "110012"),
    *_rows(_REFUSED, "PostOnlyWouldTake", "170218"),  # LIMIT-MAKER order rejected due to invalid price
    *_rows(_REFUSED, "InvalidPrecision", "170134", "170137", "170148"),
    *_rows(
        _REFUSED,
        "FilterFailure",
        *("170124", "170132", "170133", "170136", "170140", "170159", "170192", "170193", "170194", "170195", "170196"),
        *("170197", "170198", "170199", "170200", "170217", "170228", "170229", "170341", "170371", "170372"),
        *("170381", "170382", "170810"),
    ),
    *_rows(_REFUSED, "OrderRejected", "170210"),  # new order rejected
    # Cancels, amends and queries [E].
    *_rows(Proof.NO_SUCH_ORDER, "NoSuchOrder", "170213", "170143", "110001"),
    *_rows(Proof.TOO_LATE, "OrderEnded", "170139", "170142", "170190", "110008", "110010"),
    *_rows(_REFUSED, "CancelRejected", "170145"),  # this order type does not support cancellation
    *_rows(_REFUSED, "AmendRejected", "170312", "170313"),  # not modifiable; less than the filled quantity
)
