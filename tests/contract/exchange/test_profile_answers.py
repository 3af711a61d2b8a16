"""One suite that every profile passes: what each of a venue's answers proves, through real ccxt.

The answers are in `answer_subjects.py`, in each venue's documented form; what they prove is the same everywhere.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterable
from decimal import Decimal

import pytest
from _pytest.mark import ParameterSet

from contract.exchange.answer_subjects import ANSWERS, CLIENT_ID, AnswerSubject
from contract.exchange.raw_venue import CLOSED, RESET, RawVenue, Reply, http
from exchange_kernel.core.outcomes import CreateOutcome, NotPlaced, OutcomeUnknown, Placed, Refused
from exchange_kernel.core.requests import OrderRequest
from exchange_kernel.core.venue import Absent, VenueStatus
from exchange_kernel.exchange.ccxt_adapter import CcxtExchange
from exchange_kernel.exchange.ccxt_client import Access
from exchange_kernel.exchange.connect import SYSTEM_CLOCKS
from exchange_kernel.exchange.port import CredentialsRefused, RateLimited, ReadError
from exchange_kernel.exchange.profiles import PROFILES, profile_of

Venue = tuple[RawVenue, CcxtExchange]

PROVES = {
    "duplicate": "DuplicateId",
    "insufficient funds": "Refused InsufficientFunds",
    "post-only would take": "Refused PostOnlyWouldTake",
    "rate limited": "NotPlaced RateLimited",
    "authentication": "NotPlaced AuthenticationFailed",
    "maintenance": "NotPlaced Maintenance",
    "clock": "NotPlaced ClockSkew",
    "unknown code": "OutcomeUnknown",
    "unknown by the venue itself": "OutcomeUnknown",
}

# Coinbase has no code for a clock. OKX acknowledges a post-only order that would take, and cancels it; it is in
# maintenance with HTTP 503, which proves nothing.
REFUSED_EVERYWHERE = PROVES.keys() - {"clock", "post-only would take", "maintenance"}

PROVES_NOTHING = {
    "empty": http(200, ""),
    "HTML": http(200, "<html>maintenance</html>"),
    "an empty object": http(200, "{}"),
    "an empty list": http(200, "[]"),
    "null": http(200, "null"),
    "204": http(204, ""),
    "404": http(404, ""),
    "403 of a firewall": http(403, "<html>Forbidden</html>"),
    "429 of a proxy": http(429, "slow down"),
    "500": http(500, ""),
    "502 of a proxy": http(502, "<html>Bad Gateway</html>"),
    "520 of a proxy": http(520, ""),
    "reset": RESET,
    "closed": CLOSED,
}

STATES = {
    "new": (VenueStatus.OPEN, "0"),
    "partially filled": (VenueStatus.OPEN, "0.004"),
    "filled": (VenueStatus.FILLED, "0.01"),
    "canceled": (VenueStatus.CANCELED, "0"),
    "canceled with fills": (VenueStatus.CANCELED, "0.004"),
    "ended with fills": (VenueStatus.CANCELED, "0.004"),
    "expired": (VenueStatus.EXPIRED, "0"),
    "expired with fills": (VenueStatus.EXPIRED, "0.004"),
    "rejected": (VenueStatus.REJECTED, "0"),
    "untriggered": (VenueStatus.UNTRIGGERED, "0"),
    "triggered": (VenueStatus.OPEN, "0"),
}
EVERYWHERE = frozenset({"new", "partially filled", "filled", "canceled", "canceled with fills"})


def combinations(known: Callable[[AnswerSubject], Collection[str]], names: Iterable[str]) -> list[ParameterSet]:
    """Each venue with each name that it knows; which every venue has to know is a test of its own."""
    return [
        pytest.param(subject, name, id=f"{subject.exchange}-{name}")
        for name in names
        for subject in ANSWERS
        if name in known(subject)
    ]


@pytest.fixture(params=ANSWERS, ids=lambda subject: subject.exchange)
def subject(request: pytest.FixtureRequest) -> AnswerSubject:
    """Every venue in turn."""
    found: AnswerSubject = request.param
    return found


@pytest.fixture
async def venue(subject: AnswerSubject) -> AsyncIterator[Venue]:
    """The venue, and an adapter with its markets loaded."""
    async with RawVenue(subject.wire.served) as raw:
        keys = {"apiKey": "canarykey4711", "secret": subject.wire.secret, "password": "canarypassword"}
        access = Access(profile_of(subject.exchange), keys, endpoint=raw.url)
        exchange = CcxtExchange(access, SYSTEM_CLOCKS, report=lambda _: None)
        await exchange.load_markets()
        try:
            yield raw, exchange
        finally:
            await exchange.close()


def order(subject: AnswerSubject) -> OrderRequest:
    return OrderRequest(CLIENT_ID, subject.wire.symbol, "Buy", "Limit", Decimal("0.01"), price=Decimal(50000))


async def create(subject: AnswerSubject, venue: Venue, reply: Reply) -> CreateOutcome:
    """The outcome of an order that is answered like this, once; whatever is asked again is not answered."""
    raw, exchange = venue
    raw.replies[subject.create].append(reply)
    before = len(raw.received)
    outcome = await exchange.create_order(order(subject), lambda: None)
    assert [(r.method, r.path) for r in raw.received[before:]] == [subject.create]
    return outcome


def named(outcome: CreateOutcome) -> str:
    match outcome:
        case Refused(code=code):
            return f"Refused {code}"
        case NotPlaced(reason=reason):
            return f"NotPlaced {reason}"
        case _:
            return type(outcome).__name__


def test_every_profile_is_held_to_this_suite() -> None:
    assert {name for name, _ in PROFILES} == {subject.exchange for subject in ANSWERS}


def test_the_refusals_that_every_venue_has_are_there(subject: AnswerSubject) -> None:
    assert PROVES.keys() >= subject.refusals.keys() >= REFUSED_EVERYWHERE


async def test_an_acknowledged_order_is_placed_under_our_id(subject: AnswerSubject, venue: Venue) -> None:
    outcome = await create(subject, venue, http(200, subject.acknowledged))

    assert isinstance(outcome, Placed), outcome
    placed = outcome.order
    assert (placed.client_order_id, placed.symbol, placed.side) == (CLIENT_ID, subject.wire.symbol, "Buy")
    assert (placed.status, placed.filled) == (VenueStatus.OPEN, 0)
    assert (placed.quantity, placed.price) == (Decimal("0.01"), Decimal(50000))
    assert placed.exchange_order_id


@pytest.mark.parametrize(
    ("subject", "what"), combinations(lambda subject: subject.refusals, PROVES), indirect=["subject"]
)
async def test_a_refusal_proves_what_the_table_says_and_the_order_went_out_once(
    subject: AnswerSubject, venue: Venue, what: str
) -> None:
    assert named(await create(subject, venue, subject.refusals[what])) == PROVES[what]


@pytest.mark.parametrize("what", PROVES_NOTHING)
async def test_an_answer_that_is_not_the_venues_proves_nothing(subject: AnswerSubject, venue: Venue, what: str) -> None:
    assert isinstance(await create(subject, venue, PROVES_NOTHING[what]), OutcomeUnknown)


async def test_an_answer_that_was_cut_off_proves_nothing(subject: AnswerSubject, venue: Venue) -> None:
    whole = subject.acknowledged
    for reply in (http(200, whole[:40], length=len(whole)), http(200, whole[:40])):
        assert isinstance(await create(subject, venue, reply), OutcomeUnknown)


async def test_a_refusal_in_a_server_error_proves_nothing(subject: AnswerSubject, venue: Venue) -> None:
    body = subject.refusals["insufficient funds"].raw.partition(b"\r\n\r\n")[2].decode()

    assert isinstance(await create(subject, venue, http(503, body)), OutcomeUnknown)


async def test_an_order_that_no_question_finds_is_absent(subject: AnswerSubject, venue: Venue) -> None:
    raw, exchange = venue
    for method, path, not_here in subject.look_up:
        raw.replies[method, path].append(not_here)

    found = await exchange.look_up(subject.wire.symbol, CLIENT_ID)

    assert isinstance(found, Absent)
    assert not found.complete


@pytest.mark.parametrize("what", PROVES_NOTHING)
async def test_an_absence_needs_every_answer(subject: AnswerSubject, venue: Venue, what: str) -> None:
    """Each question of the look-up in turn gets an answer that proves nothing."""
    raw, exchange = venue
    for failing in range(len(subject.look_up)):
        raw.replies.clear()
        for place, (method, path, not_here) in enumerate(subject.look_up):
            # Twice, for aiohttp's one repetition of a GET over a connection that broke.
            raw.replies[method, path].extend([PROVES_NOTHING[what] if place == failing else not_here] * 2)
        with pytest.raises(ReadError):
            await exchange.look_up(subject.wire.symbol, CLIENT_ID)


@pytest.mark.parametrize(
    ("what", "raised"),
    [("rate limited", RateLimited), ("authentication", CredentialsRefused), ("unknown code", ReadError)],
)
async def test_a_refused_question_is_no_absence(
    subject: AnswerSubject, venue: Venue, what: str, raised: type[Exception]
) -> None:
    raw, exchange = venue
    method, path, _ = subject.look_up[0]
    raw.replies[method, path].append(subject.refusals[what])

    with pytest.raises(raised):
        await exchange.look_up(subject.wire.symbol, CLIENT_ID)


def test_the_states_that_every_venue_has_are_there(subject: AnswerSubject) -> None:
    assert subject.orders.keys() >= EVERYWHERE
    assert subject.orders.keys() <= STATES.keys()


@pytest.mark.parametrize(
    ("subject", "state"), combinations(lambda subject: subject.orders, STATES), indirect=["subject"]
)
def test_a_state_is_read_from_the_venues_word_and_the_fills(subject: AnswerSubject, state: str) -> None:
    profile = profile_of(subject.exchange)

    read = profile.read_order(subject.orders[state], subject.wire.symbol)

    assert (read.status, read.filled) == (STATES[state][0], Decimal(STATES[state][1]))
    assert profile.decode(read.client_order_id) == CLIENT_ID
    assert (read.quantity, read.price, read.side) == (Decimal("0.01"), Decimal(50000), "Buy")
    if state != "rejected":  # what OKX refuses after it has acknowledged it are stops
        assert (read.trigger_price is not None) == (state in {"untriggered", "triggered"})
    # Never invented: what fills cost is told exactly, or not at all.
    assert read.cost in {None, read.filled * 50000}


def test_what_is_no_order_is_not_guessed_at(subject: AnswerSubject) -> None:
    profile = profile_of(subject.exchange)
    for what, raw in subject.unreadable.items():
        try:
            read = profile.read_order(raw, subject.wire.symbol)
        except (KeyError, TypeError, ValueError, ArithmeticError):
            continue
        # The adapter compares the ids of an order that can be read.
        assert profile.decode(read.client_order_id) != CLIENT_ID, what
