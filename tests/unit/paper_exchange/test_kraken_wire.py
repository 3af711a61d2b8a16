"""The Kraken dialect's pure parts: ids, names, signatures, nonces, parameters, counters."""

import binascii
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paper_exchange.kraken import auth, errors, ids, names
from paper_exchange.kraken.auth import Nonces
from paper_exchange.kraken.counters import Counters
from paper_exchange.kraken.errors import KrakenError
from paper_exchange.kraken.orders import read_deadline
from paper_exchange.kraken.params import Params, read_params
from paper_exchange.kraken.render import decimals
from paper_exchange.limits import Limits, RateLimiter
from paper_exchange.symbols import DEFAULT_SYMBOLS, Symbol
from support.paper_engine import amount

BTCUSDT, _, ETHBTC, _ = DEFAULT_SYMBOLS
NOW = 1_700_000_000_000
_TXID = re.compile(r"^[OT][A-Z2-7]{5}-[A-Z2-7]{5}-[A-Z2-7]{6}$")


@settings(max_examples=200, derandomize=True)
@given(st.integers(0, 2**16), st.integers(1, 2**50))
def test_an_id_names_its_order_and_no_other(market: int, number: int) -> None:
    txid = ids.order_txid(market, number)
    assert _TXID.match(txid)
    assert ids.read_order(txid) == (market, number)
    assert ids.read_trade(txid) is None
    assert ids.order_txid(market, number + 1) != txid


def test_the_two_halves_of_a_trade_have_ids_of_their_own() -> None:
    assert ids.trade_txid(0, 7, is_buyer=True) != ids.trade_txid(0, 7, is_buyer=False)


@pytest.mark.parametrize("text", ["", "OAAAAA", "oaaaaa-aaaaa-aaaaaa", "OAAAA1-AAAAA-AAAAAA", "TAAAAA-AAAAA-AAAAAA"])
def test_what_is_no_id_names_nothing(text: str) -> None:
    assert ids.read_order(text) is None


@pytest.mark.parametrize(
    ("base", "quote", "pair_id", "altname"),
    [
        ("BTC", "USDT", "XBTUSDT", "XBTUSDT"),
        ("BTC", "USD", "XXBTZUSD", "XBTUSD"),
        ("ETH", "BTC", "XETHXXBT", "ETHXBT"),
        ("SOL", "EUR", "SOLEUR", "SOLEUR"),
        ("DOGE", "BTC", "XXDGXXBT", "XDGXBT"),
    ],
)
def test_the_names_of_pairs(base: str, quote: str, pair_id: str, altname: str) -> None:
    pair = names.pair_of(Symbol.of(base, quote, tick="0.01", step="0.001", min_notional="1"))
    assert (pair.pair_id, pair.altname) == (pair_id, altname)
    assert (pair.price_decimals, pair.lot_decimals) == (2, 3)


def test_the_signature_of_the_documentation() -> None:
    secret = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
    body = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
    expected = "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
    assert auth.sign(secret, "/0/private/AddOrder", "1616492376594", body) == expected


def test_a_secret_that_is_no_base64_signs_nothing() -> None:
    with pytest.raises(binascii.Error):
        auth.sign("not base64!", "/0/private/Balance", "1", "nonce=1")


def test_a_nonce_rises_by_key() -> None:
    nonces = Nonces()
    nonces.use("a", "5")
    nonces.use("b", "1")
    for refused in ("5", "4", None, "", "x", str(2**65)):
        with pytest.raises(KrakenError, match="Invalid nonce"):
            nonces.use("a", refused)
    nonces.use("a", "6")


# --- parameters


def test_a_form_and_json_give_the_same_parameters() -> None:
    form = read_params("", "nonce=1&price=%2B1.5%25&validate=true", "application/x-www-form-urlencoded")
    json = read_params("", '{"nonce":1,"price":"+1.5%","validate":true,"nothing":null}', "application/json")
    for params in (form, json):
        assert (params.get("nonce"), params.get("price"), params.flag("validate")) == ("1", "+1.5%", True)
        assert params.get("nothing") is None


@pytest.mark.parametrize("body", ["[1]", "{", "7"])
def test_a_body_that_is_no_object(body: str) -> None:
    with pytest.raises(KrakenError, match="EGeneral:Invalid arguments"):
        read_params("", body, "application/json")


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("0123456789abcdef0123456789abcdef", True),
        ("6d1b345e-2821-40e2-ad83-4ecb18a06876", True),
        ("p5669_1", True),
        ("a" * 18, True),
        ("a" * 19, False),
        ("Upper", False),
        ("0123456789abcdef0123456789abcdeg", False),
    ],
)
def test_the_forms_of_a_client_id(text: str, good: bool) -> None:
    params = Params({"cl_ord_id": text})
    if good:
        assert params.client_id() == text
    else:
        with pytest.raises(KrakenError, match="cl_ord_id"):
            params.client_id()


@pytest.mark.parametrize(("text", "ms"), [("1", 1000), ("1.5", 1500), ("1.0009", 1000)])
def test_times_are_seconds_with_a_fraction(text: str, ms: int) -> None:
    assert Params({"start": text}).time_ms("start") == ms


@pytest.mark.parametrize(
    ("deadline", "outcome"),
    [
        ("2023-11-14T22:13:30Z", NOW + 10_000),
        ("2023-11-14T23:13:30+01:00", NOW + 10_000),
        ("2023-11-14T22:13:19Z", errors.DEADLINE_ELAPSED),
        ("2023-11-14T22:13:21Z", errors.invalid_argument("deadline")),
        ("2023-11-14T22:14:21Z", errors.invalid_argument("deadline")),
        ("2023-11-14T22:13:30", errors.invalid_argument("deadline")),
    ],
)
def test_a_deadline_is_two_to_sixty_seconds_away(deadline: str, outcome: int | KrakenError) -> None:
    params = Params({"deadline": deadline})
    if isinstance(outcome, KrakenError):
        with pytest.raises(KrakenError) as caught:
            read_deadline(params, NOW)
        assert caught.value == outcome
    else:
        assert read_deadline(params, NOW) == outcome


@pytest.mark.parametrize(("places", "text"), [(0, "12"), (2, "12.34"), (8, "12.34567891")])
def test_amounts_are_cut_off_not_rounded(places: int, text: str) -> None:
    assert decimals(amount("12.34567891"), places) == text


# --- counters


def counters(**limits: int) -> Counters:
    return Counters(RateLimiter(Limits(**limits)))


def test_calls_add_up_and_time_takes_them_off() -> None:
    found = counters(call_counter=2, call_counter_decay_milli=333)
    found.call("alice", 2, NOW)
    found.call("bob", 2, NOW)
    with pytest.raises(KrakenError, match="EAPI:Rate limit exceeded"):
        found.call("alice", 1, NOW + 3_003)
    found.call("alice", 1, NOW + 3_004)


@pytest.mark.parametrize(
    ("age_ms", "cost"), [(4_999, 8), (5_000, 6), (14_999, 5), (44_999, 4), (89_999, 2), (299_999, 1), (300_000, 0)]
)
def test_a_cancel_costs_less_the_older_its_order_is(age_ms: int, cost: int) -> None:
    found = counters(trade_counter=20, trade_counter_decay_milli=0)
    found.cancel("alice", "BTCUSDT", age_ms, NOW)
    for _ in range(20 - cost):
        found.order("alice", "BTCUSDT", NOW)
    with pytest.raises(KrakenError, match="EOrder:Rate limit exceeded"):
        found.order("alice", "BTCUSDT", NOW)
    found.order("alice", "ETHUSDT", NOW)


def test_a_cancel_is_never_refused_and_an_amend_of_a_young_order_costs_most() -> None:
    found = counters(trade_counter=5, trade_counter_decay_milli=0)
    found.order("alice", "BTCUSDT", NOW, amended_age_ms=0)
    with pytest.raises(KrakenError):
        found.order("alice", "BTCUSDT", NOW, amended_age_ms=14_999)
    found.order("alice", "BTCUSDT", NOW, amended_age_ms=15_000)
    found.cancel("alice", "BTCUSDT", 0, NOW)


def test_zero_switches_a_counter_off() -> None:
    found = counters(call_counter=0, trade_counter=0)
    for _ in range(1000):
        found.call("alice", 1, NOW)
        found.order("alice", "BTCUSDT", NOW)
