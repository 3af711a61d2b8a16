"""The last check before the socket write."""

import pytest

from exchange_kernel.exchange.scrub import MAX_LENGTH, Scrubber
from exchange_kernel.exchange.venue_clock import Sample
from exchange_kernel.exchange.wire import Diverted, GateRefused, WireCall, WireMismatch

ORIGIN = "http://venue"
MEANT = {"symbol": "BTCUSDT", "price": "1"}
UNCHECKED = frozenset({"timestamp", "signature"})


def call(**changes: object) -> WireCall:
    return WireCall(**({"expected": MEANT, "unchecked": UNCHECKED, "origin": ORIGIN} | changes))  # type: ignore[arg-type]


def test_a_request_that_says_what_was_meant_passes() -> None:
    call().check("http://venue/order", "symbol=BTCUSDT&price=1&timestamp=5&signature=f00")
    call().check("http://venue/order?symbol=BTCUSDT&price=1&timestamp=5", None)


@pytest.mark.parametrize(
    "body",
    [
        "symbol=BTCUSDT",
        "symbol=BTCUSDT&price=1.0",
        "symbol=BTCUSDT&price=1&reduceOnly=true",
        "symbol=BTCUSDT&price=1&stopPrice=",
        "",
    ],
    ids=["one is missing", "one was rounded", "one was forwarded", "one is empty", "none at all"],
)
def test_a_request_that_says_anything_else_is_held_back(body: str) -> None:
    with pytest.raises(WireMismatch):
        call().check("http://venue/order", body)


def test_a_closed_gate_leaves_the_call_unstarted() -> None:
    held = call(gate=lambda: "GateClosed")

    with pytest.raises(GateRefused):
        held.before_write("POST", ORIGIN)
    assert not held.started


def test_a_post_is_written_once_whatever_asks_for_more() -> None:
    sent = call()
    sent.before_write("POST", ORIGIN)

    with pytest.raises(Diverted):
        sent.before_write("POST", ORIGIN)
    assert sent.started


def test_a_read_may_be_repeated_but_not_elsewhere() -> None:
    read = call(expected=None)
    read.before_write("GET", ORIGIN)
    read.before_write("GET", ORIGIN)

    with pytest.raises(Diverted):
        read.before_write("GET", "http://elsewhere")


def test_a_repetition_forgets_the_answer_to_the_first_try() -> None:
    read = call(expected=None)
    read.before_write("GET", ORIGIN)
    read.record(429, {"Retry-After": "3"}, "busy")
    assert (read.status, read.headers, read.body) == (429, {"retry-after": "3"}, "busy")

    read.before_write("GET", ORIGIN)
    assert (read.status, read.headers, read.body) == (None, {}, "")


@pytest.mark.parametrize(
    "text",
    [
        "GET http://x/order?symbol=A&signature=0123abcdef",
        '{"signature":"0123abcdef"}',
        "X-MBX-APIKEY: 0123abcdef",
        "the key is canary-key-1, said the proxy",
    ],
)
def test_keys_and_signatures_are_masked(text: str) -> None:
    clean = Scrubber(["canary-key-1"])(text)

    assert "0123abcdef" not in clean
    assert "canary" not in clean
    assert "***" in clean


def test_foreign_text_is_one_line_of_bounded_length() -> None:
    clean = Scrubber([])("a\n b" * 1000)

    assert "\n" not in clean
    assert len(clean) == MAX_LENGTH


def test_a_scrubber_does_not_show_what_it_hides() -> None:
    assert "canary" not in repr(Scrubber(["canary-key-1"]))


def test_an_empty_secret_masks_nothing() -> None:
    assert Scrubber(["", "abc"])("abc def") == "abc def"


def test_signatures_never_run_ahead_of_the_venues_clock() -> None:
    # The venue said 5000 at some moment between 10.0 and 10.4 of our monotonic clock.
    sample = Sample(venue_ms=5000, sent_monotonic=10.0, received_monotonic=10.4, received_wall=99.0)

    assert sample.venue_ms_at(10.4) == 5000
    assert sample.venue_ms_at(11.4) == 6000
    assert sample.reading().round_trip_seconds == pytest.approx(0.4)
    assert sample.reading().skew_seconds == pytest.approx(5.0 - 98.8)


NESTED = {"instId": "BTC-USDT", "post": True, "conf": {"limit": {"size": "0.10"}}, "ids": ["1", "2"]}


def test_a_json_body_is_compared_by_its_text_however_deep() -> None:
    body = '{"instId":"BTC-USDT","post":true,"conf":{"limit":{"size":"0.10"}},"ids":["1","2"],"timestamp":5}'

    call(expected=NESTED).check("http://venue/order", body)


@pytest.mark.parametrize(
    "body",
    [
        '{"instId":"BTC-USDT","post":true,"conf":{"limit":{"size":"0.1"}},"ids":["1","2"]}',
        '{"instId":"BTC-USDT","post":true,"conf":{"limit":{"size":0.1}},"ids":["1","2"]}',
        '{"instId":"BTC-USDT","post":false,"conf":{"limit":{"size":"0.10"}},"ids":["1","2"]}',
        '{"instId":"BTC-USDT","post":true,"conf":{"limit":{"size":"0.10"},"stop":{}},"ids":["1","2"]}',
        '{"instId":"BTC-USDT","post":true,"conf":{"limit":{"size":"0.10"}},"ids":["1"]}',
        "{}",
    ],
    ids=["rounded", "a float", "a flag turned", "forwarded", "an id less", "none at all"],
)
def test_a_json_body_that_says_anything_else_is_held_back(body: str) -> None:
    with pytest.raises(WireMismatch):
        call(expected=NESTED).check("http://venue/order", body)


def test_a_change_of_an_order_is_written_once_although_http_may_repeat_a_put() -> None:
    sent = call()
    sent.before_write("PUT", ORIGIN)

    with pytest.raises(Diverted):
        sent.before_write("PUT", ORIGIN)
