"""Each way in which an answer can fail: what is proven, and that the order went out exactly once."""

import asyncio
import json
import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from contract.exchange.conftest import KEY, SECRET, connect
from contract.exchange.raw_venue import CLOSED, RESET, RawVenue, Reply, error, http
from exchange_kernel.core.outcomes import (
    CancelOutcome,
    CreateOutcome,
    DuplicateId,
    NotPlaced,
    OutcomeUnknown,
    Placed,
    Refused,
)
from exchange_kernel.core.requests import OrderRequest
from exchange_kernel.exchange.budget import Budgets
from exchange_kernel.exchange.port import CredentialsRefused, RateLimited, ReadError, VenueUnavailable
from exchange_kernel.exchange.session import AccountSession

CLIENT_ID = "0123456789abcdef0123456789abcdef"
REQUEST = OrderRequest(CLIENT_ID, "BTC/USDT", "Buy", "Limit", quantity=Decimal("0.01"), price=Decimal(50000))
ORDER = {
    "symbol": "BTCUSDT",
    "orderId": 21,
    "clientOrderId": CLIENT_ID,
    "transactTime": 1700000000000,
    "price": "50000.00000000",
    "origQty": "0.01000000",
    "executedQty": "0.00000000",
    "cummulativeQuoteQty": "0.00000000",
    "status": "NEW",
    "timeInForce": "GTC",
    "type": "LIMIT",
    "side": "BUY",
    "fills": [],
}
WHOLE = json.dumps(ORDER)


def open_gate() -> None:
    return None


def acknowledged(**changes: object) -> Reply:
    return http(200, json.dumps(ORDER | changes))


UNKNOWN = {
    "reset after the request": RESET,
    "closed after the request": CLOSED,
    "500": http(500, ""),
    "502 of a proxy": http(502, "<html>Bad Gateway</html>"),
    "503 with a refusal's code": error(503, -2010, "Account has insufficient balance for requested action."),
    "504 -1007": error(504, -1007, "Timeout waiting for response from backend server."),
    "400 -1006": error(400, -1006, "An unexpected response was received."),
    "403 of a firewall": http(403, "<html>Forbidden</html>"),
    "429 of a proxy": http(429, "slow down", headers={"Retry-After": "3"}),
    "400 without a code": http(400, "nonsense"),
    "200 empty": http(200, ""),
    "200 HTML": http(200, "<html>maintenance</html>"),
    "200 {}": http(200, "{}"),
    "200 []": http(200, "[]"),
    "200 null": http(200, "null"),
    "200 truncated on the wire": http(200, WHOLE[:60], length=len(WHOLE)),
    "200 truncated before": http(200, WHOLE[:60]),
    "200 without an order id": http(200, json.dumps({k: v for k, v in ORDER.items() if k != "orderId"})),
    "200 order id null": acknowledged(orderId=None),
    "200 of another order": acknowledged(clientOrderId="f" * 32),
    "200 of another market": acknowledged(symbol="ETHUSDT"),
    "200 with a status that is new": acknowledged(status="TELEPORTED"),
    "200 filled in part and FILLED": acknowledged(status="FILLED", executedQty="0.005"),
    "204": http(204, ""),
    "not HTTP": Reply(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "307 to the same place": http(307, "", headers={"Location": "/api/v3/order"}),
    "302 to another place": http(302, "", headers={"Location": "/api/v3/elsewhere"}),
}


@pytest.mark.parametrize("name", UNKNOWN)
async def test_an_answer_that_proves_nothing_leaves_the_outcome_unknown(
    venue: RawVenue, session: AccountSession, name: str
) -> None:
    venue.answer("POST", "order", UNKNOWN[name], acknowledged())

    outcome = await session.create_order(REQUEST, open_gate)

    assert isinstance(outcome, OutcomeUnknown), outcome
    assert venue.count("POST", "order") == 1


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (acknowledged(), Placed),
        (error(400, -2010, "Duplicate order sent."), DuplicateId),
        (error(400, -2010, "Account has insufficient balance for requested action."), "InsufficientFunds"),
        (error(400, -2010, "Order would immediately match and take."), "PostOnlyWouldTake"),
        (error(400, -1013, "Filter failure: LOT_SIZE"), "FilterFailure"),
        (error(400, -1111, "Precision is over the maximum defined for this asset."), "InvalidPrecision"),
        (error(400, -1121, "Invalid symbol."), "UnknownSymbol"),
        (error(400, -1021, "Timestamp for this request is outside of the recvWindow."), "ClockSkew"),
        (error(401, -2015, "Invalid API-key, IP, or permissions for action."), "AuthenticationFailed"),
        (error(400, -1022, "Signature for this request is not valid."), "AuthenticationFailed"),
        (error(429, -1003, "Too much request weight used.", Retry_After="9"), "RateLimited"),
        (error(418, -1003, "Way too much request weight used; IP banned.", Retry_After="99"), "RateLimited"),
        (error(429, -1015, "Too many new orders.", Retry_After="9"), "RateLimited"),
    ],
)
async def test_an_answer_of_the_venue_proves_what_its_code_says(
    venue: RawVenue, session: AccountSession, reply: Reply, expected: object
) -> None:
    venue.answer("POST", "order", reply)

    outcome = await session.create_order(REQUEST, open_gate)

    assert _named(outcome) == expected
    assert venue.count("POST", "order") == 1


def _named(outcome: CreateOutcome) -> object:
    if isinstance(outcome, Refused):
        return outcome.code
    return outcome.reason if isinstance(outcome, NotPlaced) else type(outcome)


async def test_a_refused_connection_proves_that_nothing_was_sent() -> None:
    async with RawVenue() as venue:
        session = connect(venue.url)
        await session.load_markets()
    try:
        outcome = await session.create_order(REQUEST, open_gate)
    finally:
        await session.close()

    assert isinstance(outcome, NotPlaced)
    assert outcome.reason == "ConnectionRefused"
    assert venue.count("POST", "order") == 0


async def test_no_answer_in_time_leaves_the_outcome_unknown(venue: RawVenue) -> None:
    session = connect(venue.url, request_timeout=0.3)
    await session.load_markets()
    venue.silent = True
    try:
        outcome = await session.create_order(REQUEST, open_gate)
    finally:
        await session.close()

    assert isinstance(outcome, OutcomeUnknown)
    assert venue.count("POST", "order") == 1


async def test_the_gate_is_asked_after_signing_with_the_connection_open(
    venue: RawVenue, session: AccountSession
) -> None:
    asked: list[int] = []

    def gate() -> str | None:
        asked.append(len(venue.received))
        return "SendWindowMissed: late" if len(asked) == 2 else None

    outcome = await session.create_order(REQUEST, gate)

    assert outcome == NotPlaced("SendWindowMissed", "late")
    assert len(asked) == 2  # when it left the queue, and at the socket
    assert venue.count("POST", "order") == 0


async def test_two_rate_limits_at_once_each_tell_their_own_pause(venue: RawVenue) -> None:
    sessions = [connect(venue.url), connect(venue.url)]
    both = asyncio.Event()
    limits = [error(429, -1003, "Too much.", Retry_After=str(s)) for s in (11, 22)]
    venue.answer("POST", "order", *(replace(limit, after=both) for limit in limits))
    try:
        for session in sessions:
            await session.load_markets()
        creates = [asyncio.create_task(s.create_order(REQUEST, open_gate)) for s in sessions]
        while venue.count("POST", "order") < 2:  # noqa: ASYNC110 - the venue has no event for it
            await asyncio.sleep(0.01)
        both.set()
        outcomes = await asyncio.gather(*creates)
    finally:
        for session in sessions:
            await session.close()

    assert sorted(o.retry_after or 0 for o in outcomes if isinstance(o, NotPlaced)) == [11, 22]


async def test_a_ban_stops_every_session_behind_the_address(venue: RawVenue) -> None:
    budgets = Budgets()
    banned, other = connect(venue.url, budgets=budgets), connect(venue.url, budgets=budgets)
    venue.answer("GET", "account", error(418, -1003, "IP banned.", Retry_After="300"))
    try:
        with pytest.raises(RateLimited) as caught:
            await banned.fetch_balances()
        refused = await other.create_order(REQUEST, open_gate)
        with pytest.raises(RateLimited):
            await other.cancel_order("BTC/USDT", "21", CLIENT_ID)
    finally:
        await banned.close()
        await other.close()

    assert caught.value.banned
    assert isinstance(refused, NotPlaced)
    assert refused.retry_after == pytest.approx(300, abs=5)
    assert [r.path for r in venue.received] == ["/api/v3/account"]


async def test_an_accounts_order_count_does_not_slow_another_account(venue: RawVenue) -> None:
    budgets = Budgets()
    limited, other = connect(venue.url, budgets=budgets), connect(venue.url, budgets=budgets)
    venue.answer("POST", "order", error(429, -1015, "Too many new orders.", Retry_After="60"), acknowledged())
    try:
        first = await limited.create_order(REQUEST, open_gate)
        second = await other.create_order(REQUEST, open_gate)
    finally:
        await limited.close()
        await other.close()

    assert isinstance(first, NotPlaced)
    assert isinstance(second, Placed)


async def test_the_venues_count_of_weight_is_taken_over(venue: RawVenue) -> None:
    session = connect(venue.url)
    venue.answer("GET", "time", http(200, '{"serverTime":1}', headers={"X-MBX-USED-WEIGHT-1M": "5990"}))
    try:
        await session.load_markets()
        await session.read_clock()
        refused = await session.create_order(REQUEST, open_gate)
    finally:
        await session.close()

    assert isinstance(refused, NotPlaced)
    assert refused.reason == "RateLimited"
    assert venue.count("POST", "order") == 0


async def test_after_a_refused_time_stamp_the_next_request_carries_the_venues_time(
    venue: RawVenue, session: AccountSession
) -> None:
    venue.answer("POST", "order", error(400, -1021, "Timestamp outside."), acknowledged())

    first = await session.create_order(REQUEST, open_gate)
    assert isinstance(first, NotPlaced)
    assert first.reason == "ClockSkew"
    assert isinstance(await session.create_order(REQUEST, open_gate), Placed)

    stamp = int(venue.last("POST", "order").params["timestamp"])
    assert 0 <= stamp - 1700000000000 < 60_000


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (error(400, -2011, "Unknown order sent."), CancelOutcome.NOT_FOUND),
        (http(200, WHOLE), CancelOutcome.ACCEPTED),
        (http(200, ""), CancelOutcome.UNKNOWN),
        (http(200, "{}"), CancelOutcome.UNKNOWN),
        (http(502, ""), CancelOutcome.UNKNOWN),
        (error(504, -1007, "Timeout."), CancelOutcome.UNKNOWN),
    ],
)
async def test_a_cancel_is_accepted_only_by_an_answer_that_names_an_order(
    venue: RawVenue, session: AccountSession, reply: Reply, expected: CancelOutcome
) -> None:
    venue.answer("DELETE", "order", reply)

    assert await session.cancel_order("BTC/USDT", "21", CLIENT_ID) is expected


@pytest.mark.parametrize(
    ("reply", "raised"),
    [
        (http(502, ""), VenueUnavailable),
        (RESET, VenueUnavailable),
        (http(200, ""), ReadError),
        (http(200, "{}"), ReadError),
        (http(200, "<html>"), ReadError),
        (http(200, WHOLE[:60], length=999), ReadError),
        (http(404, ""), ReadError),
        (error(400, -2026, "Order was archived."), ReadError),
        (error(401, -2015, "Invalid API-key, IP, or permissions for action."), CredentialsRefused),
    ],
)
async def test_a_failed_look_up_is_never_an_absence(
    venue: RawVenue, session: AccountSession, reply: Reply, raised: type[Exception]
) -> None:
    # The second reply serves aiohttp's one repetition of a GET over a connection that broke.
    venue.answer("GET", "order", reply, reply)

    with pytest.raises(raised):
        await session.look_up("BTC/USDT", CLIENT_ID)


@pytest.fixture
async def outbound(venue: RawVenue, session: AccountSession) -> Callable[[], list[str]]:
    """Paths of everything that was sent after the markets were loaded."""
    before = len(venue.received)
    return lambda: [f"{r.method} {r.path}" for r in venue.received[before:]]


async def test_loading_the_markets_is_one_request(venue: RawVenue) -> None:
    session = connect(venue.url)
    try:
        await session.load_markets()
    finally:
        await session.close()

    assert [r.path for r in venue.received] == ["/api/v3/exchangeInfo"]


async def test_a_create_is_one_request(
    venue: RawVenue, session: AccountSession, outbound: Callable[[], list[str]]
) -> None:
    venue.answer("POST", "order", acknowledged())
    await session.create_order(REQUEST, open_gate)

    assert outbound() == ["POST /api/v3/order"]


@pytest.mark.parametrize(
    ("changes", "wire"),
    [
        ({}, {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "50000"}),
        ({"time_in_force": "IOC"}, {"type": "LIMIT", "timeInForce": "IOC", "quantity": "0.01", "price": "50000"}),
        ({"time_in_force": "FOK"}, {"type": "LIMIT", "timeInForce": "FOK", "quantity": "0.01", "price": "50000"}),
        ({"post_only": True}, {"type": "LIMIT_MAKER", "quantity": "0.01", "price": "50000"}),
        ({"type": "Market", "price": None}, {"type": "MARKET", "quantity": "0.01"}),
        (
            {"type": "Market", "price": None, "quantity": None, "quote_quantity": Decimal("100.1234567")},
            {"type": "MARKET", "quoteOrderQty": "100.1234567"},
        ),
    ],
)
async def test_real_ccxt_puts_exactly_this_on_the_wire(
    venue: RawVenue, session: AccountSession, changes: dict[str, object], wire: dict[str, str]
) -> None:
    venue.answer("POST", "order", acknowledged())
    await session.create_order(replace(REQUEST, **changes), open_gate)  # type: ignore[arg-type]

    sent = venue.last("POST", "order")
    signed = {"timestamp", "recvWindow", "signature"}
    assert {k: v for k, v in sent.params.items() if k not in signed} == wire | {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "newClientOrderId": CLIENT_ID,
        "newOrderRespType": "FULL",
    }
    assert sent.params["recvWindow"] == "5000"
    assert sent.headers["x-mbx-apikey"] == KEY


@pytest.mark.parametrize("name", [*UNKNOWN, "refusal that echoes the request"])
async def test_no_secret_gets_out_of_a_failure(
    venue: RawVenue, session: AccountSession, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = error(400, -1100, f"Illegal: key={KEY} secret={SECRET} signature=0123456789abcdef")
    reply = UNKNOWN.get(name, echo)
    venue.answer("POST", "order", reply)
    venue.answer("GET", "order", reply, reply)

    outcome = await session.create_order(REQUEST, open_gate)
    said = [repr(outcome), repr(session), repr(vars(session))]
    try:
        await session.look_up("BTC/USDT", CLIENT_ID)
    except ReadError as failure:
        said += traceback.format_exception(failure)

    signatures = [r.params["signature"] for r in venue.received if "signature" in r.params]
    assert signatures
    for text in (*said, caplog.text):
        for secret in (KEY, SECRET, "0123456789abcdef&", "signature=0", *signatures):
            assert secret not in text
