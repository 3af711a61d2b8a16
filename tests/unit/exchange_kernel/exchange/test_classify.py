"""What each way of failing proves about an order."""

import pytest

from exchange_kernel.core.outcomes import (
    AmendNotSent,
    AmendOutcome,
    AmendRefused,
    AmendTooLate,
    AmendUnknown,
    CancelOutcome,
    DuplicateId,
    NotPlaced,
    OutcomeUnknown,
    Refused,
)
from exchange_kernel.exchange.classify import (
    Facts,
    classify_amend,
    classify_cancel,
    classify_create,
    classify_read,
    gate_closed,
)
from exchange_kernel.exchange.port import CredentialsRefused, RateLimited, ReadError, VenueUnavailable
from exchange_kernel.exchange.profiles.binance import BinanceSpot
from exchange_kernel.exchange.profiles.binance_codes import CODES
from exchange_kernel.exchange.profiles.parts import CodeRow, Declined, Proof

PROFILE = BinanceSpot()
NETWORK = ("RequestTimeout", "NetworkError", "OperationFailed", "BaseError", "Exception")


def answered(code: str, message: str = "", *, status: int = 400, retry_after: float | None = None) -> Facts:
    return Facts(
        started=True,
        status=status,
        row=PROFILE.row(code, message),
        code=code,
        message=message,
        retry_after=retry_after,
        error=("ExchangeError",),
    )


def lost(*error: str, status: int | None = None) -> Facts:
    return Facts(started=True, status=status, error=error or NETWORK)


def unsent(*error: str, message: str = "") -> Facts:
    return Facts(started=False, error=error, message=message)


@pytest.mark.parametrize("row", CODES, ids=lambda row: f"{row.code}{row.text and ' ' + row.text}")
def test_each_row_of_the_table_gives_the_outcome_that_it_names(row: CodeRow) -> None:
    outcome = classify_create(answered(row.code, f"before {row.text} after"))

    expected = {
        Proof.REFUSED: Refused,
        Proof.NOT_PLACED: NotPlaced,
        Proof.DUPLICATE: DuplicateId,
        Proof.AMBIGUOUS: OutcomeUnknown,
        Proof.NO_SUCH_ORDER: OutcomeUnknown,
        Proof.TOO_LATE: OutcomeUnknown,
    }[row.proof]
    assert type(outcome) is expected
    if isinstance(outcome, Refused):
        assert outcome.code == row.reason
    if isinstance(outcome, NotPlaced):
        assert outcome.reason == row.reason


@pytest.mark.parametrize("row", CODES, ids=lambda row: f"{row.code}{row.text and ' ' + row.text}")
def test_no_code_proves_anything_in_a_server_error(row: CodeRow) -> None:
    facts = answered(row.code, row.text, status=503)

    assert isinstance(classify_create(facts), OutcomeUnknown)


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("-2010", "Duplicate order sent.", DuplicateId),
        ("-2010", "Account has insufficient balance for requested action.", "InsufficientFunds"),
        ("-2010", "Order would immediately match and take.", "PostOnlyWouldTake"),
        ("-2010", "Order would trigger immediately.", "TriggerAlreadyCrossed"),
        ("-2010", "Stop price would trigger immediately.", "TriggerAlreadyCrossed"),
        ("-2010", "This action is disabled on this account.", "AccountDisabled"),
        ("-2010", "Something that the documents do not list.", "OrderRejected"),
        ("-1013", "Filter failure: NOTIONAL", "FilterFailure"),
        ("-1111", "Parameter 'price' has too much precision.", "InvalidPrecision"),
        ("-1121", "Invalid symbol.", "UnknownSymbol"),
        ("-1100", "Illegal characters found in a parameter.", "InvalidRequest"),
    ],
)
def test_one_code_means_what_its_text_says(code: str, message: str, expected: object) -> None:
    outcome = classify_create(answered(code, message))

    assert (outcome.code if isinstance(outcome, Refused) else type(outcome)) == expected


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (answered("-1021", "Timestamp for this request is outside of the recvWindow."), "ClockSkew"),
        (answered("-1003", "Too many requests.", status=429, retry_after=11.0), "RateLimited"),
        (answered("-1003", "IP banned.", status=418, retry_after=120.0), "RateLimited"),
        (answered("-1015", "Too many new orders.", status=429), "RateLimited"),
        (answered("-2015", "Invalid API-key, IP, or permissions for action.", status=401), "AuthenticationFailed"),
        (answered("-1022", "Signature for this request is not valid."), "AuthenticationFailed"),
        (answered("-1013", "Market is closed."), "Maintenance"),
        (unsent("AuthenticationError", "ExchangeError"), "AuthenticationFailed"),
        (unsent("Error", "ValueError"), "AuthenticationFailed"),  # binascii.Error: a secret that is not base64
        (unsent("ExchangeNotAvailable", "NetworkError", "OperationFailed"), "ConnectionRefused"),
        (unsent(*NETWORK), "ConnectionRefused"),
        (unsent("RuntimeError", "Exception"), "NotSent"),
        (Facts(started=False, gate="SendWindowMissed: 5 s have passed"), "SendWindowMissed"),
        (Facts(started=False, gate="the account is halted"), "GateClosed"),
    ],
)
def test_not_placed_needs_a_proof_and_names_it(facts: Facts, reason: str) -> None:
    outcome = classify_create(facts)

    assert isinstance(outcome, NotPlaced)
    assert outcome.reason == reason
    assert outcome.retry_after == facts.retry_after


@pytest.mark.parametrize(
    "facts",
    [
        lost(),
        lost("ExchangeNotAvailable", "NetworkError", "OperationFailed"),
        lost("ExchangeError", "BaseError"),  # ccxt's class for a truncated body, the same as for a refusal
        lost("TypeError", "Exception"),
        lost("InvalidOrder", "ExchangeError", status=400),  # a class alone, without a code of the venue
        lost("DDoSProtection", "NetworkError", status=429),  # a proxy's 429 may come after it passed the order on
        lost("ExchangeNotAvailable", status=403),
        lost("ExchangeNotAvailable", status=502),
        lost("AuthenticationError", "ExchangeError", status=401),
        answered("-1007", "Timeout waiting for response from backend server.", status=504),
        answered("-1006", "An unexpected response was received."),
        answered("-1000", "An unknown error occurred."),
        answered("-9999", "A code that no table lists."),
        answered("-2013", "Order does not exist."),
    ],
)
def test_everything_else_is_unknown(facts: Facts) -> None:
    assert isinstance(classify_create(facts), OutcomeUnknown)


def test_a_request_that_ccxt_cannot_build_is_refused_for_good() -> None:
    outcome = classify_create(unsent("InvalidOrder", "ExchangeError", message="amount too small"))

    assert outcome == Refused("InvalidRequest", "the request cannot be sent: amount too small")


def test_a_request_that_differs_from_the_profile_is_refused_and_says_so() -> None:
    outcome = classify_create(Facts(started=False, mismatch="ccxt would have sent price='1' in place of '2'"))

    assert isinstance(outcome, Refused)
    assert outcome.code == "RequestMismatch"
    assert "price='1' in place of '2'" in outcome.message


def test_the_gates_own_reason_is_kept_and_other_words_mean_closed() -> None:
    assert gate_closed("SendWindowMissed: late") == NotPlaced("SendWindowMissed", "late")
    assert gate_closed("GateClosed") == NotPlaced("GateClosed", "nothing was sent")
    assert gate_closed("paused by: alice") == NotPlaced("GateClosed", "paused by: alice")


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        (answered("-1003", status=429, retry_after=7.0), RateLimited),
        (lost("DDoSProtection", status=429), RateLimited),
        (answered("-2015", status=401), CredentialsRefused),
        (answered("-2014"), CredentialsRefused),
        (unsent("AuthenticationError"), CredentialsRefused),
        (unsent("Error", "ValueError"), CredentialsRefused),
        (lost(status=502), VenueUnavailable),
        (lost(), VenueUnavailable),
        (unsent(*NETWORK), VenueUnavailable),
        (answered("-1013", "Market is closed."), VenueUnavailable),
        (answered("-1021"), ReadError),
        (answered("-1100"), Declined),
        (lost("TypeError", status=200), ReadError),
    ],
)
def test_a_failed_read_says_whether_to_wait_to_stop_or_to_ask_again(facts: Facts, error: type[Exception]) -> None:
    assert type(classify_read(facts)) is error


def test_a_ban_is_told_from_a_pause() -> None:
    ban = classify_read(answered("-1003", status=418, retry_after=120.0))
    pause = classify_read(answered("-1003", status=429, retry_after=5.0))

    assert isinstance(ban, RateLimited)
    assert isinstance(pause, RateLimited)
    assert (ban.banned, ban.retry_after) == (True, 120.0)
    assert (pause.banned, pause.retry_after) == (False, 5.0)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (answered("-2011", "Order was not canceled due to cancel restrictions."), CancelOutcome.REFUSED),
        (answered("-1121", "Invalid symbol."), CancelOutcome.REFUSED),
        (answered("-1007", status=504), CancelOutcome.UNKNOWN),
        (answered("-1021"), CancelOutcome.UNKNOWN),
        (lost(), CancelOutcome.UNKNOWN),
        (unsent(*NETWORK), CancelOutcome.UNKNOWN),
    ],
)
def test_a_failed_cancel_proves_no_more_than_the_venue_said(facts: Facts, expected: CancelOutcome) -> None:
    assert classify_cancel(classify_read(facts)) is expected


@pytest.mark.parametrize(
    ("facts", "error"),
    [(answered("-1003", status=429), RateLimited), (answered("-2015", status=401), CredentialsRefused)],
)
def test_a_cancel_raises_what_concerns_the_whole_account(facts: Facts, error: type[Exception]) -> None:
    with pytest.raises(error):
        classify_cancel(classify_read(facts))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (answered("-1111", "Parameter 'price' has too much precision."), AmendRefused),
        (answered("-1021"), AmendNotSent),
        (answered("-1003", status=429), AmendNotSent),
        (answered("-2013", "Order does not exist."), AmendTooLate),
        (answered("-1007", status=504), AmendUnknown),
        (answered("-9999", "A code that no table lists."), AmendUnknown),
        (answered("-2013", status=503), AmendUnknown),
        (lost(), AmendUnknown),
        (lost("TypeError", status=200), AmendUnknown),
        (unsent(*NETWORK), AmendNotSent),
        (unsent("BadRequest"), AmendRefused),
        (Facts(started=False, gate="SendWindowMissed: late"), AmendNotSent),
        (Facts(started=False, mismatch="ccxt would have sent newQty='1'"), AmendRefused),
    ],
)
def test_a_failed_amend_proves_no_more_than_the_venue_said(facts: Facts, expected: type[AmendOutcome]) -> None:
    assert type(classify_amend(facts)) is expected


def test_a_venue_that_says_too_late_has_the_order_and_does_not_work_it() -> None:
    facts = Facts(started=True, status=200, row=CodeRow("51509", Proof.TOO_LATE, "TooLate"), code="51509")

    assert isinstance(classify_amend(facts), AmendTooLate)
    assert classify_cancel(classify_read(facts)) is CancelOutcome.NOT_FOUND
    assert isinstance(classify_read(facts), ReadError)
