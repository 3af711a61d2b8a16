"""Keys are changed, revoked and mixed up while the operator runs."""

import asyncio
import base64
from typing import Any

from exchange_kernel.kube.resources import ACCOUNTS, SECRETS
from support.stack import Stack, condition, eventually

Json = Any
PATIENT = {"placement": {"startingDeadlineSeconds": 600}}


async def _key(stack: Stack) -> str:
    """The key that is in the Secret."""
    secret = await stack.api.get(SECRETS, stack.namespace, stack.named("main"))
    return base64.b64decode(secret["data"]["apiKey"]).decode()


async def _rotate(stack: Stack, key: str, secret: str) -> None:
    body = {"stringData": {"apiKey": key, "secret": secret}}
    await stack.api.merge_patch(SECRETS, stack.namespace, stack.named("main"), body)


async def test_a_rotated_key_is_taken_up_without_a_restart(stack: Stack) -> None:
    await stack.start_operator(credentials_interval=1)
    await stack.open_account()
    await stack.account_ready()
    await stack.order("buy", **PATIENT)
    await stack.until_state("buy", "Open")
    former, new = await _key(stack), await stack.control.create_key(stack.named("main"))
    await _rotate(stack, new.key, new.secret)

    async def used() -> bool:
        return "another key" in stack.operators[0].log

    await eventually(used, what="the new key is in use")
    await stack.control.revoke_key(former)
    await stack.cancel("buy")
    await stack.until_state("buy", "Canceled")
    await stack.order("second", **PATIENT)
    await stack.until_state("second", "Open")
    assert new.key not in stack.operators[0].log
    assert new.secret not in stack.operators[0].log


async def test_a_revoked_key_stops_the_account_alone_and_a_new_one_lets_it_go_on(stack: Stack) -> None:
    await stack.start_operator(credentials_interval=1)
    await stack.open_account()
    await stack.open_account("other")
    await stack.account_ready()
    await stack.account_ready("other")
    await stack.order("buy", **PATIENT)
    await stack.until_state("buy", "Open")
    await stack.control.revoke_key(await _key(stack))
    await stack.until_account("main", "Authenticated", "False", "AuthenticationFailed")
    await stack.until_account("main", "Ready", "False", "AuthenticationFailed")
    # Its orders keep what was last known of them, and others go on.
    await stack.order("elsewhere", account="other", **PATIENT)
    await stack.until_state("elsewhere", "Open")
    states = set()
    for _ in range(12):
        states.add((await stack.intent("buy"))["status"]["state"])
        await asyncio.sleep(1)
    assert states == {"Open"}
    account = await stack.api.get(ACCOUNTS, stack.namespace, stack.named("main"))
    assert condition(account, "Connected")[0] == "True"
    new = await stack.control.create_key(stack.named("main"))
    await _rotate(stack, new.key, new.secret)
    await stack.account_ready()
    await stack.cancel("buy")
    await stack.until_state("buy", "Canceled")


async def test_the_key_of_another_account_sends_nothing_and_the_former_one_lets_it_go_on(stack: Stack) -> None:
    await stack.start_operator(credentials_interval=1)
    await stack.open_account()
    await stack.account_ready()
    await stack.order("buy", **PATIENT)
    first = await stack.until_state("buy", "Open")
    (other,) = await stack.control.create_account(stack.named("other"), {"USDT": "1000000"})
    await _rotate(stack, other.key, other.secret)
    await stack.until_account("main", "Stalled", "True", "AccountChanged")
    await stack.order("new", **PATIENT)
    await stack.until_condition("new", "Stalled", "True", "AccountChanged")
    await asyncio.sleep(1)
    assert (await stack.truth("other")).orders == ()
    back = await stack.control.create_key(stack.named("main"))
    await _rotate(stack, back.key, back.secret)
    await stack.account_ready()
    await stack.until_state("new", "Open")
    obj = await stack.until_condition("buy", "Ready", "True")
    assert obj["status"]["exchangeOrderId"] == first["status"]["exchangeOrderId"]
    assert len((await stack.truth()).orders) == 2


async def test_a_secret_that_is_broken_while_the_key_works_takes_nothing_away(stack: Stack) -> None:
    await stack.start_operator(credentials_interval=1)
    await stack.open_account()
    await stack.account_ready()
    await stack.order("buy", **PATIENT)
    await stack.until_state("buy", "Open")
    await stack.api.merge_patch(SECRETS, stack.namespace, stack.named("main"), {"data": {"secret": None}})

    async def noticed() -> bool:
        return "the former key stays in use" in stack.operators[0].log

    await eventually(noticed, what="the broken Secret is noticed")
    await stack.cancel("buy")
    await stack.until_state("buy", "Canceled")
