"""Signatures over exactly what was sent, and time judged by the venue's clock."""

import pytest

from paper_exchange.binance import auth
from paper_exchange.binance.errors import VenueError
from paper_exchange.binance.params import Params
from paper_exchange.model import ApiKey

NOW = 1_700_000_000_000
# The example of the venue's public documentation (rest-api.md, "HMAC Keys").
KEY = ApiKey(
    key="vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
    account="alice",
    secret="NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
)
EXAMPLE = (
    "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
)
SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"


def code_of(error: pytest.ExceptionInfo[VenueError]) -> int:
    return error.value.code


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (f"{EXAMPLE}&signature={SIGNATURE}", ""),
        ("", f"{EXAMPLE}&signature={SIGNATURE}"),
        (f"{EXAMPLE}&signature={SIGNATURE.upper()}", ""),
    ],
)
def test_the_documented_example_is_accepted_wherever_it_stands(query: str, body: str) -> None:
    signature = SIGNATURE.upper() if SIGNATURE.upper() in query else SIGNATURE
    auth.check_signature(KEY, auth.SignedText(auth.rest_payload(query, body), signature))


def test_query_and_body_are_signed_without_a_separator() -> None:
    # The third example of the documentation: a part in the query, a part in the body.
    query = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC"
    body = "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    signature = "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"
    payload = auth.rest_payload(query, f"{body}&signature={signature}")
    assert payload == (query + body).encode()
    auth.check_signature(KEY, auth.SignedText(payload, signature))


def test_a_changed_byte_breaks_the_signature() -> None:
    with pytest.raises(VenueError) as error:
        auth.check_signature(KEY, auth.SignedText(EXAMPLE.replace("quantity=1", "quantity=2").encode(), SIGNATURE))
    assert code_of(error) == -1022


def test_a_message_is_signed_over_its_sorted_parameters() -> None:
    params = {"timestamp": 1, "apiKey": "k", "returnRateLimits": False, "signature": "s", "price": "0.10"}
    assert auth.wsapi_payload(params) == b"apiKey=k&price=0.10&returnRateLimits=false&timestamp=1"


@pytest.mark.parametrize("key", [None, "", "short", "with spaces in the middle of it", "ü" * 20])
def test_what_cannot_be_a_key_is_refused_by_its_form(key: str | None) -> None:
    with pytest.raises(VenueError) as error:
        auth.check_key_form(key)
    assert (code_of(error), error.value.status) == (-2014, 401)


@pytest.mark.parametrize(
    ("sent", "window", "text"),
    [
        (NOW, None, None),
        (NOW - 5_000, None, None),
        (NOW - 5_001, None, "outside of the recvWindow"),
        (NOW - 10_000, "10000", None),
        (NOW - 10_000, "9999.999", "outside of the recvWindow"),
        (NOW + 999, None, None),
        (NOW + 1_000, None, "1000ms ahead"),
        (NOW * 1000, None, None),
        (NOW - 60_001, "60000", "outside of the recvWindow"),
        (NOW, "60001", "Cannot be greater than 60000"),
        (NOW, "5s", "Illegal characters"),
    ],
)
def test_a_request_is_valid_for_its_window_and_a_second_ahead(sent: int, window: str | None, text: str | None) -> None:
    params = Params({"timestamp": str(sent)} | ({} if window is None else {"recvWindow": window}))
    if text is None:
        auth.check_time(params, NOW)
        params.finish()
    else:
        with pytest.raises(VenueError, match=text):
            auth.check_time(params, NOW)


@pytest.mark.parametrize("sent", ["", "yesterday", "-5", "1.5", "9" * 21])
def test_a_timestamp_that_is_none_is_missing(sent: str) -> None:
    with pytest.raises(VenueError) as error:
        auth.check_time(Params({"timestamp": sent}), NOW)
    assert code_of(error) == -1102


def test_a_read_only_key_may_look_and_not_trade() -> None:
    reader = ApiKey(key=KEY.key, account="alice", secret=KEY.secret, can_trade=False)
    auth.check_permission(reader, auth.Security.USER_DATA)
    with pytest.raises(VenueError) as error:
        auth.check_permission(reader, auth.Security.TRADE)
    assert (code_of(error), error.value.status) == (-2015, 401)


def test_a_secret_shows_in_no_representation() -> None:
    assert KEY.secret not in repr(KEY)
