"""What OKX v5's error codes prove about an order request.

Source: [E] the API guide, "Error code" (codes with one line and an HTTP status each). A code that is not listed proves
nothing: among them are 50001 (unavailable, with HTTP 503), 50004 ("does not mean success or failure of the request"),
50013 and 50026 (busy, system error), 51054 and 51149 (timed out), 51412 (two meanings) and 51416 (a stop that was
triggered: what it became can be canceled).

Orders are refused in an answer with HTTP 200, by the code of the row (`sCode`).
"""

from exchange_kernel.exchange.profiles.parts import CodeRow, Proof

_REFUSED, _NOT_PLACED = Proof.REFUSED, Proof.NOT_PLACED


def _rows(proof: Proof, reason: str, *codes: str) -> tuple[CodeRow, ...]:
    return tuple(CodeRow(code, proof, reason) for code in codes)


CODES: tuple[CodeRow, ...] = (
    # In front of the engine.
    *_rows(_NOT_PLACED, "ClockSkew", "50102", "50112"),  # timestamp expired, invalid timestamp
    *_rows(_NOT_PLACED, "RateLimited", "50011", "50061"),
    *_rows(
        _NOT_PLACED,
        "AuthenticationFailed",
        "50100",  # API frozen
        "50101",  # the key belongs to the other environment
        *("50103", "50104", "50105", "50106", "50107"),  # key, passphrase, sign, timestamp: empty or wrong
        "50110",  # address not on the key's list
        *("50111", "50113", "50114"),  # invalid key, signature, authorization
        "50120",  # the key does not have this permission
    ),
    *_rows(_REFUSED, "AccountDisabled", "50007", "50009", "50012", "50027", "50028", "51009", "51024", "51155"),
    *_rows(_REFUSED, "AccountMode", "51010"),  # unsupported under the current account mode
    *_rows(_REFUSED, "UnknownSymbol", "51001", "51015", "51021", "51022", "51087"),
    *_rows(
        _REFUSED,
        "InvalidRequest",
        *("50002", "50014", "50015", "50016", "50024", "51000", "51003", "51046", "51047", "51048", "51049"),
        *("51204", "51276", "51281", "51415"),
    ),
    # The order itself.
    *_rows(Proof.DUPLICATE, "DuplicateId", "51016", "51065", "51068"),
    *_rows(_REFUSED, "InsufficientFunds", "51008", "51119", "51127", "51131"),
    *_rows(_REFUSED, "TriggerAlreadyCrossed", "51277", "51278", "51279", "51280"),
    *_rows(_REFUSED, "InvalidPrecision", "51121", "51150"),
    *_rows(
        _REFUSED,
        "FilterFailure",
        *("51005", "51006", "51020", "51025", "51033", "51102", "51116", "51120", "51122", "51137", "51138"),
        *("51174", "51185", "51201", "51202", "51203", "51250", "51252", "51261", "51275", "51299"),
    ),
    *_rows(_REFUSED, "OrderRejected", "51109", "51124", "51140", "51507"),
    # Cancels, amends and queries.
    # 51603 is documented for orders; that it answers a question about a stop too is not verified (an empty answer is
    # read the same way, and any other code leaves the look-up without a result, so that nothing is sent).
    *_rows(Proof.NO_SUCH_ORDER, "NoSuchOrder", "51400", "51603"),
    *_rows(Proof.TOO_LATE, "OrderEnded", "51401", "51402", "51503", "51509", "51510"),
    *_rows(_REFUSED, "CancelRejected", "51403"),
    *_rows(_REFUSED, "InsufficientFunds", "51502"),
    *_rows(_REFUSED, "PostOnlyWouldTake", "51511"),
    *_rows(_REFUSED, "AmendRejected", "51500", "51506", "51508", "51529"),
)
