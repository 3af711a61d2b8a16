"""One ExchangeAccount at run time: what stands in its way, its contact with the venue, and its end."""

import logging
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from exchange_kernel.api.meta import ANNOTATION_TAKE_OVER, FINALIZER_IN_USE
from exchange_kernel.core.venue import Balance
from exchange_kernel.exchange.memory_setup import Raises
from exchange_kernel.exchange.port import AccountIdentity, CredentialsRefused, ProfileMissing, VenueUnavailable
from support.memory_api import Obj
from support.virtual_time import in_virtual_time
from support.world import DESK, JOURNAL, KEY, PASSPHRASE, World


def ready_reason(world: World) -> str | None:
    """Why the account is, or is not, ready."""
    return world.condition("exchangeaccounts", "main", "Ready", "reason")


async def told(world: World, reason: str) -> str:
    """Wait for a reason; the message."""
    await world.until(lambda: ready_reason(world) == reason)
    return world.condition("exchangeaccounts", "main", "Ready", "message") or ""


def unreachable(world: World) -> None:
    for _ in range(500):
        world.venue.fail_next("read_clock", Raises(VenueUnavailable("no route")))


def refused_key(world: World) -> None:
    for _ in range(500):
        world.venue.fail_next("identify", Raises(CredentialsRefused("the venue refused the key")))


def without_profile(world: World) -> None:
    world.open_error = ProfileMissing("there is no profile for memory; there are binance")


def no_right_to_trade(world: World) -> None:
    world.venue.identity = AccountIdentity("memory-1", can_trade=False)


@in_virtual_time
@pytest.mark.parametrize(
    ("trouble", "reason", "says"),
    [
        (unreachable, "VenueUnreachable", "no route"),
        (refused_key, "AuthenticationFailed", "put a valid API key into the Secret"),
        (without_profile, "UnsupportedExchange", "there are binance"),
        (no_right_to_trade, "PermissionMissing", "give it that right"),
    ],
)
async def test_what_the_venue_objects_to_is_said_and_nothing_is_sent(
    trouble: Callable[[World], None], reason: str, says: str
) -> None:
    world = World()
    trouble(world)
    world.add_secret()
    world.add_account()
    world.start()
    world.apply()
    assert says in await told(world, reason)
    await world.until_state("Pending")
    assert world.orders == ()


@in_virtual_time
async def test_a_missing_secret_is_said_and_found_when_it_is_there() -> None:
    world = World()
    world.add_account()
    world.start()
    assert "create it with type exchangekernel.dev/credentials" in await told(world, "SecretNotFound")
    world.add_secret()
    await told(world, "Trading")
    assert FINALIZER_IN_USE in world.api.get("secrets", DESK, "keys")["metadata"]["finalizers"]


@in_virtual_time
async def test_a_malformed_secret_is_said_without_its_values() -> None:
    world = World()
    world.add_secret(apiKey=KEY + "\n")
    world.add_account()
    world.start()
    message = await told(world, "SecretMalformed")
    assert "white space" in message
    assert KEY not in message


@in_virtual_time
async def test_a_secret_that_may_not_be_read_is_said() -> None:
    world = World()
    world.add_secret()
    world.api.fail("GET", "secrets", status=403, times=1000)
    world.add_account()
    world.start()
    assert "give it the right to get it" in await told(world, "SecretNotFound")


@in_virtual_time
async def test_an_endpoint_that_the_settings_do_not_name_is_not_contacted() -> None:
    world = World()
    world.add_secret()
    world.add_account(endpoint="http://127.0.0.1:1/elsewhere")
    world.start()
    assert "--allowed-endpoints" in await told(world, "EndpointNotAllowed")
    await world.pass_time(60)
    assert world.opened == []


@in_virtual_time
async def test_an_allowed_endpoint_is_contacted() -> None:
    world = World()
    world.add_secret()
    world.add_account(endpoint="http://127.0.0.1:9/")
    world.start()
    await told(world, "Trading")
    assert world.opened[0][0].endpoint == "http://127.0.0.1:9/"


@in_virtual_time
async def test_one_accounts_trouble_is_not_anothers() -> None:
    world = World()
    world.add_secret()
    world.add_account("broken", credentialsSecretRef={"name": "nothing"})
    world.add_account()
    world.start()
    world.apply()
    await world.until_state("Open")
    assert world.condition("exchangeaccounts", "broken", "Ready") == "False"


@in_virtual_time
async def test_a_key_of_another_account_at_the_venue_sends_nothing() -> None:
    world = World()
    await world.ready()
    world.venue.identity = AccountIdentity("memory-2", can_trade=True)
    await world.restart()
    world.apply()
    assert "put the former account's key back" in await told(world, "AccountChanged")
    await world.until_state("Pending")
    assert world.orders == ()
    assert world.api.get("exchangeaccounts", DESK, "main")["status"]["venueAccountId"] == "memory-1"


@in_virtual_time
async def test_the_first_installation_claims_the_account_and_sends_at_once() -> None:
    world = World()
    world.add_secret()
    world.add_account()
    world.apply()
    world.start()
    started = world.monotonic()
    await world.until_state("Open")
    assert world.monotonic() - started < 5.0
    assert world.api.get("exchangeaccounts", DESK, "main")["status"]["journal"] == {
        "namespace": JOURNAL,
        "uid": "journal-1",
    }


@in_virtual_time
async def test_another_installation_creates_nothing_until_the_journal_is_handed_over() -> None:
    world = World()
    await world.ready()
    await world.crash()
    world.root = world.root.model_copy(update={"uid": "journal-2"})
    world.engine = world.process("newcomer")
    world.start()
    world.apply(placement={"startingDeadlineSeconds": 600})
    assert f"{ANNOTATION_TAKE_OVER}=journal-1" in await told(world, "JournalForeign")
    await world.pass_time(60)
    assert world.orders == ()

    def hand_over(obj: Obj) -> None:
        obj["metadata"]["annotations"] = {ANNOTATION_TAKE_OVER: "journal-1"}

    world.api.edit("exchangeaccounts", DESK, "main", hand_over)
    await world.until_state("Open")
    assert world.api.get("exchangeaccounts", DESK, "main")["status"]["journal"]["uid"] == "journal-2"


@in_virtual_time
async def test_of_two_installations_that_claim_at_once_only_one_may_create() -> None:
    world = World()
    world.add_secret()
    world.add_account()
    world.root = world.root.model_copy(update={"uid": "journal-2"})
    other = world.process("other")
    world.start()
    world.start(other)
    world.apply(placement={"startingDeadlineSeconds": 600})
    await world.until_state("Open")
    await world.pass_time(30)
    problems = [engine.accounts[DESK, "main"].facts(DESK).journal_problem for engine in (world.engine, other)]
    assert sum(problem is None for problem in problems) == 1
    assert len(world.orders) == 1


# --- contact ---------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_one_lost_answer_is_no_loss_of_contact() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    await world.pass_time(5)
    before = world.api.get("orderintents", DESK, "dip")["metadata"]["resourceVersion"]
    world.venue.fail_next("fetch_open_orders", Raises(VenueUnavailable("reset")))
    await world.pass_time(20)
    assert world.api.get("orderintents", DESK, "dip")["metadata"]["resourceVersion"] == before
    assert ready_reason(world) == "Trading"


@in_virtual_time
async def test_an_outage_is_told_once_without_flapping_and_ends_by_itself() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    await world.pass_time(5)
    for _ in range(2000):
        world.venue.fail_next("fetch_open_orders", Raises(VenueUnavailable("away")))
    await world.pass_time(9)
    assert world.condition("orderintents", "dip", "Synced") == "True"
    await world.pass_time(20)
    assert world.condition("orderintents", "dip", "Synced") == "Unknown"
    assert world.state() == "Open"
    seen: list[str | None] = []
    for _ in range(60):
        await world.pass_time(1)
        seen.append(ready_reason(world))
    assert set(seen) == {"VenueUnreachable"}
    assert world.venue.calls.count("fetch_open_orders") < 60
    world.venue._faults["fetch_open_orders"].clear()
    await told(world, "Trading")
    await world.until(lambda: world.condition("orderintents", "dip", "Synced") == "True")


@in_virtual_time
async def test_an_order_that_a_snapshot_from_before_its_acknowledgement_lacks_is_not_missing() -> None:
    world = World()
    await world.ready()
    world.apply("first")
    await world.until_state("Open", "first")
    world.venue.late["fetch_open_orders"] = 3.0
    await world.until(lambda: world.venue.calls.count("fetch_open_orders") > 3)
    world.apply("second")
    await world.until_state("Open", "second")
    await world.pass_time(20)
    # Each was read in bulk alone: no order was asked for by its id.
    assert "fetch_order" not in world.venue.calls


@in_virtual_time
async def test_an_order_that_a_later_snapshot_lacks_is_asked_for() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    await world.pass_time(5)
    world.venue.fill("1", Decimal("0.5"))
    await world.until_state("Filled", seconds=world.settings.poll_interval + 1)
    assert world.venue.calls.count("fetch_order") == 1


@in_virtual_time
async def test_a_bulk_read_has_only_changed_orders_judged_again() -> None:
    world = World()
    await world.ready()
    for number in range(20):
        world.apply(f"order-{number}")
    await world.until(lambda: all(world.state(f"order-{n}") == "Open" for n in range(20)))
    await world.pass_time(5)
    passes = world.engine.passes
    await world.pass_time(10)
    assert world.engine.passes == passes
    world.venue.fill("7", Decimal("0.1"))
    await world.pass_time(4)
    assert 0 < world.engine.passes - passes <= 3


@in_virtual_time
async def test_a_kick_during_a_turn_leads_to_another_one() -> None:
    world = World()
    await world.ready()
    world.api.before = lambda verb, plural: world.account.wake() if (verb, plural) == ("PUT", "accountstates") else None
    world.venue.balances = (Balance("USDT", Decimal(5), Decimal(0)),)
    await world.pass_time(120)
    assert world.api.get("accountstates", DESK, "main")["balances"][0]["total"] == "5"


@in_virtual_time
async def test_a_conflict_on_the_accounts_status_does_not_undo_a_halt() -> None:
    world = World()
    await world.ready()
    halted = False

    def halt_first(verb: str, plural: str) -> None:
        nonlocal halted
        if (verb, plural) == ("PATCH", "exchangeaccounts/status") and not halted:
            halted = True
            world.api.muted = True
            world.account_spec(tradingState="Halted")
            world.api.muted = False

    world.api.before = halt_first
    for _ in range(3):
        world.venue.fail_next("fetch_open_orders", Raises(VenueUnavailable("away")))
    await world.until(lambda: halted)
    await told(world, "Halted")
    world.apply()
    await world.until_state("Pending")
    await world.pass_time(10)
    assert world.orders == ()


@in_virtual_time
async def test_an_unexpected_error_does_not_end_the_accounts_loop(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    await world.ready()
    polls = 0

    async def odd() -> object:
        nonlocal polls
        polls += 1
        raise ZeroDivisionError

    session = world.account.exchange
    assert session is not None
    fetch = session.fetch_open_orders
    session.fetch_open_orders = odd  # type: ignore[method-assign,assignment]
    with caplog.at_level(logging.ERROR):
        await world.until(lambda: polls >= 3)
    session.fetch_open_orders = fetch  # type: ignore[method-assign]
    caplog.clear()
    world.apply()
    await world.until_state("Open")


@in_virtual_time
async def test_a_key_that_is_refused_is_read_again_from_its_secret() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    for _ in range(3):
        world.venue.fail_next("fetch_open_orders", Raises(CredentialsRefused("revoked")))
        world.venue.fail_next("identify", Raises(CredentialsRefused("revoked")))
    await told(world, "AuthenticationFailed")
    opened = len(world.opened)
    await told(world, "Trading")
    assert len(world.opened) > opened
    assert world.state() == "Open"


# --- what is published -----------------------------------------------------------------------------------------------


@in_virtual_time
async def test_the_account_state_is_written_when_something_changed_and_as_a_sign_of_life() -> None:
    world = World()
    await world.ready()
    await world.pass_time(10)
    world.api.writes.clear()
    await world.pass_time(100)
    assert set(world.api.writes) == {("PUT", "accountstates")}
    assert 3 <= len(world.api.writes) <= 4
    world.venue.balances = (Balance("BTC", Decimal("0.5"), Decimal("0.1")),)
    await world.pass_time(40)
    assert set(world.api.writes) == {("PUT", "accountstates")}
    assert world.api.get("accountstates", DESK, "main")["balances"] == [
        {"asset": "BTC", "free": "0.5", "locked": "0.1", "total": "0.6"}
    ]


@in_virtual_time
async def test_orders_that_nobody_owns_are_listed_and_ours_are_not() -> None:
    world = World()
    await world.ready()
    world.apply()
    world.apply("waits", suspend=True)
    await world.until_state("Open")
    (ours,) = world.orders
    by_hand = replace(ours, exchange_order_id="77", client_order_id="")
    world.venue.book.entries["77"] = replace(world.venue.book.entries["1"], order=by_hand)
    await world.pass_time(40)
    unmanaged = world.api.get("accountstates", DESK, "main")["unmanagedOrders"]
    assert [order["exchangeOrderId"] for order in unmanaged["orders"]] == ["77"]
    assert world.orders[1].status == "Open"


@in_virtual_time
async def test_an_account_state_that_somebody_deletes_is_written_again() -> None:
    world = World()
    await world.ready()
    await world.until(lambda: world.exists("accountstates", "main"))
    world.api.remove("accountstates", DESK, "main")
    world.venue.balances = (Balance("BTC", Decimal(1), Decimal(0)),)
    await world.until(lambda: world.exists("accountstates", "main"))


# --- the end ---------------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_deleted_account_stays_until_its_orders_have_ended_and_leaves_nothing() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    await world.until(lambda: world.exists("accountstates", "main"))
    world.api.remove("exchangeaccounts", DESK, "main")
    await world.pass_time(40)
    assert world.exists("exchangeaccounts", "main")
    world.apply("late")
    await world.until_state("Pending", "late")
    world.delete()
    await world.until(lambda: not world.exists("exchangeaccounts", "main"))
    assert not world.exists("accountstates", "main")
    assert world.api.get("secrets", DESK, "keys")["metadata"]["finalizers"] == []
    assert [order.status for order in world.orders] == ["Canceled"]
    await world.until(lambda: not world.engine.accounts)


@in_virtual_time
async def test_a_process_that_knows_no_orders_yet_does_not_release_a_deleted_account() -> None:
    world = World()
    await world.ready()
    world.apply()
    await world.until_state("Open")
    world.api.remove("exchangeaccounts", DESK, "main")
    await world.pass_time(1)
    await world.crash()
    world.engine = world.process("again")
    # Lists of intents fail, those of accounts do not: the cache knows the account, and none of its orders.
    world.api.fail("GET", "orderintents", status=500, times=8)
    world.start()
    await world.pass_time(20)
    assert world.exists("exchangeaccounts", "main")
    world.delete()
    await world.until(lambda: not world.exists("exchangeaccounts", "main"))
    assert [order.status for order in world.orders] == ["Canceled"]


@in_virtual_time
async def test_a_secret_that_another_account_uses_is_kept() -> None:
    world = World()
    await world.ready()
    world.add_account("second")
    await world.until(lambda: world.condition("exchangeaccounts", "second", "Ready") == "True")
    world.api.remove("exchangeaccounts", DESK, "main")
    await world.until(lambda: not world.exists("exchangeaccounts", "main"))
    assert FINALIZER_IN_USE in world.api.get("secrets", DESK, "keys")["metadata"]["finalizers"]


@in_virtual_time
async def test_an_account_of_the_same_name_gets_a_session_of_its_own() -> None:
    world = World()
    await world.ready()
    first = world.account
    world.api.remove("exchangeaccounts", DESK, "main")
    await world.until(lambda: not world.exists("exchangeaccounts", "main"))
    world.add_account()
    world.apply()
    await world.until_state("Open")
    assert world.account is not first
    assert first.exchange is None


@in_virtual_time
async def test_no_value_of_the_key_is_logged_or_stored(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    with caplog.at_level(logging.DEBUG):
        refused_key(world)
        world.add_secret()
        world.add_account()
        world.start()
        await told(world, "AuthenticationFailed")
        await world.pass_time(30)
    stored = [obj for key, obj in world.api.objects.items() if key[0] != "secrets"]
    for value in (KEY, PASSPHRASE):
        assert value not in caplog.text
        assert value not in repr(stored)
        assert value not in repr(world.opened)
