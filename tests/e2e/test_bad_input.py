"""What is wrong is said on the object concerned, nothing is sent for it, and everything else goes on."""

import base64
from typing import Any

import orjson
import pytest

from exchange_kernel.kube.resources import ACCOUNTS, SECRETS
from local_cluster.errors import LocalClusterError
from support.stack import Stack, condition

Json = Any

DENIED = {
    "unknown symbol": ({"symbol": "FOO/USDT"}, "UnknownSymbol", "FOO/USDT"),
    "quantity off the grid": ({"quantity": "0.0000123"}, "NotOnGrid", "multiple of"),
    "price off the grid": ({"price": "20000.001"}, "NotOnGrid", "20000.00"),
    "below the minimum notional": ({"quantity": "0.00010"}, "BelowMinimum", "5 USDT or more"),
    "above the maximum": ({"quantity": "99999", "price": "1"}, "AboveMaximum", "maximum"),
    "an instruction that the venue lacks": (
        {
            "type": "TrailingStopMarket",
            "side": "Sell",
            "price": None,
            "trailing": {"offset": "500", "offsetType": "Amount"},
        },
        "NotSupported",
        "trailing.offsetType Amount; it takes: Percent",
    ),
    "reduceOnly on spot": ({"reduceOnly": True}, "NotSupported", "reduceOnly"),
    "good till date": ({"timeInForce": "GTD", "expireAt": "2099-01-01T00:00:00Z"}, "NotSupported", "expireAt"),
}


@pytest.mark.parametrize("case", DENIED)
async def test_an_order_that_cannot_be_is_denied_before_anything_is_sent(shared: Stack, case: str) -> None:
    spec, reason, words = DENIED[case]
    await shared.order("bad", **spec)
    obj = await shared.until_condition("bad", "Stalled", "True", reason)
    assert obj["status"]["state"] == "Denied"
    assert condition(obj, "Accepted") == ("False", reason)
    assert words in obj["status"]["message"]
    await shared.no_order()
    await shared.order("good")
    await shared.until_state("good", "Open")
    await shared.exactly_one_order()


REFUSED_AT_APPLY = {
    "a float as a quantity": ({"quantity": 0.01}, "quantity"),
    "a limit order without a price": ({"price": None}, "price"),
    "an unknown field": ({"quantitiy": "1"}, "quantitiy"),
    "a market order with a price": ({"type": "Market", "price": "1"}, "price"),
    "a negative quantity": ({"quantity": "-1"}, "quantity"),
    "two quantities": ({"type": "Market", "price": None, "quantity": "1", "quoteQuantity": "5"}, "quantity"),
}


@pytest.mark.parametrize("case", REFUSED_AT_APPLY)
async def test_a_wrong_manifest_is_refused_at_apply(shared: Stack, case: str) -> None:
    spec, word = REFUSED_AT_APPLY[case]
    body = shared.intent_manifest("wrong", **spec)
    with pytest.raises(LocalClusterError, match=word):
        await shared.kubectl("apply", "-f", "-", stdin=orjson.dumps(body).decode())
    await shared.no_order()


async def test_a_denied_order_is_sent_once_its_spec_is_corrected(shared: Stack) -> None:
    await shared.order("buy", quantity="0.0000123")
    await shared.until_state("buy", "Denied")
    await shared.patch_intent("buy", {"spec": {"quantity": "0.010"}})
    await shared.until_state("buy", "Open")
    await shared.exactly_one_order()


async def test_an_order_waits_for_its_account_and_is_sent_when_that_appears(shared: Stack) -> None:
    await shared.order("buy", account="later")
    obj = await shared.until_condition("buy", "Ready", "False", "AccountNotFound")
    assert shared.named("later") in obj["status"]["message"]
    await shared.open_account("later")
    await shared.until_state("buy", "Open")
    await shared.exactly_one_order("later")
    await shared.no_order("main")


async def test_an_order_whose_account_never_appears_expires_unsent(shared: Stack) -> None:
    await shared.order("buy", account="never", placement={"startingDeadlineSeconds": 3})
    obj = await shared.until_state("buy", "Expired")
    assert condition(obj, "Stalled") == ("True", "DeadlinePassed")


async def test_a_missing_secret_is_said_and_the_account_recovers_when_it_is_created(shared: Stack) -> None:
    (key,) = await shared.control.create_account(shared.named("alone"), {"USDT": "100000"})
    await shared.put_account("alone")
    account = await shared.until_account("alone", "Stalled", "True", "SecretNotFound")
    assert "exchangekernel.dev/credentials" in account["status"]["message"]
    await shared.order("buy", account="alone")
    await shared.until_condition("buy", "Ready", "False", "AccountNotReady")
    await shared.order("other")
    await shared.until_state("other", "Open")
    await shared.put_secret("alone", key.key, key.secret)
    await shared.until_state("buy", "Open")
    await shared.exactly_one_order("alone")


WRONG_SECRETS = {
    "another type": ({"type": "Opaque"}, "has type 'Opaque'"),
    "a missing key": ({"stringData": {"apiKey": "k"}}, "lacks the key secret"),
    "an unknown key": ({"stringData": {"apiKey": "k", "secret": "s", "passphrase": "p"}}, "unknown key passphrase"),
    "a line break at the end": ({"stringData": {"apiKey": "k", "secret": "s\n"}}, "white space"),
    "bytes that are no text": (
        {"stringData": None, "data": {"apiKey": base64.b64encode(b"\xff\xfe").decode(), "secret": "cw=="}},
        "not base64 of UTF-8",
    ),
}


@pytest.mark.parametrize("case", WRONG_SECRETS)
async def test_a_malformed_secret_is_said_without_its_values(shared: Stack, case: str) -> None:
    changes, words = WRONG_SECRETS[case]
    await shared.put_secret("odd", "canary-key", "canary-secret", **changes)
    await shared.put_account("odd")
    account = await shared.until_account("odd", "Stalled", "True", "SecretMalformed")
    assert words in account["status"]["message"]
    assert "canary" not in str(account["status"])
    await shared.order("buy")
    await shared.until_state("buy", "Open")


async def test_a_wrong_key_is_said_and_the_account_recovers_when_it_is_corrected(shared: Stack) -> None:
    (key,) = await shared.control.create_account(shared.named("wrong"), {"USDT": "100000"})
    await shared.put_secret("wrong", key.key, "not-the-secret-of-this-key")
    await shared.put_account("wrong")
    account = await shared.until_account("wrong", "Stalled", "True", "AuthenticationFailed")
    assert condition(account, "Authenticated")[0] == "False"
    assert condition(account, "Connected")[0] == "True"
    assert "not-the-secret" not in str(account["status"])
    body = {"stringData": {"secret": key.secret}}
    await shared.api.merge_patch(SECRETS, shared.namespace, shared.named("wrong"), body)
    await shared.account_ready("wrong")


async def test_a_key_that_is_revoked_stops_only_its_own_account(shared: Stack) -> None:
    (key,) = await shared.control.create_account(shared.named("short"), {"USDT": "100000"})
    await shared.put_secret("short", key.key, key.secret)
    await shared.put_account("short")
    await shared.account_ready("short")
    await shared.control.revoke_key(key.key)
    await shared.order("buy", account="short")
    await shared.until_account("short", "Authenticated", "False")
    assert (await shared.truth("short")).orders == ()
    await shared.order("other")
    await shared.until_state("other", "Open")
    fresh = await shared.control.create_key(shared.named("short"))
    body = {"stringData": {"apiKey": fresh.key, "secret": fresh.secret}}
    await shared.api.merge_patch(SECRETS, shared.namespace, shared.named("short"), body)
    await shared.until_state("buy", "Open")
    assert len((await shared.truth("short")).orders) == 1


async def test_a_key_that_may_only_read_is_said(shared: Stack) -> None:
    await shared.control.create_account(shared.named("reader"), {"USDT": "100000"})
    key = await shared.control.create_key(shared.named("reader"), can_trade=False)
    await shared.put_secret("reader", key.key, key.secret)
    await shared.put_account("reader")
    await shared.order("buy", account="reader")
    account = await shared.until_account("reader", "Stalled", "True")
    assert condition(account, "Stalled")[1] in {"PermissionMissing", "AuthenticationFailed"}
    await shared.until_condition("buy", "Ready", "False", "AccountNotReady")
    await shared.no_order("reader")


WRONG_ACCOUNTS: dict[str, tuple[dict[str, Json], str, str]] = {
    "an unknown exchange": ({"exchange": "nowhere"}, "UnsupportedExchange", "nowhere"),
    "an exchange without a profile": ({"exchange": "bitstamp"}, "UnsupportedExchange", "there are: binance"),
    "a foreign endpoint": ({"endpoint": "http://127.0.0.1:9"}, "EndpointNotAllowed", "--allowed-endpoints"),
}


@pytest.mark.parametrize("case", WRONG_ACCOUNTS)
async def test_an_account_that_cannot_be_served_is_said_and_gets_no_order(shared: Stack, case: str) -> None:
    spec, reason, words = WRONG_ACCOUNTS[case]
    await shared.open_account("odd", **spec)
    account = await shared.until_account("odd", "Stalled", "True", reason)
    assert words in account["status"]["message"]
    await shared.order("buy", account="odd")
    obj = await shared.until_condition("buy", "Ready", "False", "AccountNotReady")
    assert words in obj["status"]["message"]
    await shared.no_order("odd")


async def test_a_halted_account_sends_nothing_until_it_is_enabled_again(shared: Stack) -> None:
    await shared.patch_account({"spec": {"tradingState": "Halted"}})
    # Orders and accounts come through two watches: only what was seen can hold an order back.
    await shared.until_account("main", "Ready", "False", "Halted")
    await shared.order("buy")
    await shared.until_condition("buy", "Ready", "False", "Halted")
    await shared.no_order()
    await shared.patch_account({"spec": {"tradingState": "Enabled"}})
    await shared.until_state("buy", "Open")


async def test_an_account_in_use_is_only_released_after_its_orders(shared: Stack) -> None:
    await shared.order("buy")
    await shared.until_state("buy", "Open")
    account = await shared.api.get(ACCOUNTS, shared.namespace, shared.named("main"))
    await shared.api.delete(ACCOUNTS, shared.namespace, shared.named("main"), uid=account["metadata"]["uid"])
    await shared.until_account("main", "Stalled", "True", "Terminating")
    await shared.order("late")
    await shared.until_condition("late", "Ready", "False", "Terminating")
    await shared.delete("buy")
    await shared.until_gone("buy")
    await shared.until_gone("main", ACCOUNTS)
    assert (await shared.exactly_one_order())["status"] == "CANCELED"
