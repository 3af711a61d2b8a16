"""The markets of an account as objects: published, left alone by a restart, selected, removed."""

from typing import Any

from exchange_kernel.kube.resources import ASSETS, MARKETS, Resource
from support.stack import Stack, eventually

Json = Any


async def objects(stack: Stack, resource: Resource = MARKETS) -> list[Json]:
    account = stack.named("main")
    return [each for each in await stack.api.list(resource, stack.namespace) if each["account"] == account]


async def symbols(stack: Stack) -> set[str]:
    return {each["symbol"] for each in await objects(stack)}


async def versions(stack: Stack) -> dict[str, str]:
    found = [*await objects(stack), *await objects(stack, ASSETS)]
    return {each["metadata"]["uid"]: each["metadata"]["resourceVersion"] for each in found}


async def until_published(stack: Stack, wanted: set[str]) -> None:
    async def as_wanted() -> bool:
        return await symbols(stack) == wanted

    await eventually(as_wanted, what=f"{wanted} published")


async def test_the_account_selects_which_markets_are_published(shared: Stack) -> None:
    assert await objects(shared) == []
    selected = {"mode": "Selected", "symbols": ["BTC/USDT", "ETH/USDT"], "quotes": None}
    await shared.patch_account({"spec": {"markets": selected}})
    await until_published(shared, {"BTC/USDT", "ETH/USDT"})

    btc = next(each for each in await objects(shared) if each["symbol"] == "BTC/USDT")
    assert (btc["base"], btc["quote"], btc["active"]) == ("BTC", "USDT", True)
    assert btc["metadata"]["ownerReferences"][0]["name"] == shared.named("main")
    assert {"Market", "Limit"} <= {each["type"] for each in btc["orderTypes"]}
    table = await shared.kubectl("get", "xm", btc["metadata"]["name"])
    assert table.split("\n")[0].split() == ["NAME", "BASE", "QUOTE", "TICK", "STEP", "MIN-NOTIONAL", "ACTIVE", "AGE"]
    assert table.split("\n")[1].split()[1:3] == ["BTC", "USDT"]

    await shared.patch_account({"spec": {"markets": {"mode": "Selected", "symbols": ["ETH/USDT"]}}})
    await until_published(shared, {"ETH/USDT"})


async def test_a_restart_writes_no_market_and_the_account_trades(stack: Stack) -> None:
    process = await stack.start_operator()
    await stack.open_account(markets={"mode": "All"})
    await stack.account_ready()

    async def all_there() -> bool:
        traded = {each[side] for each in await objects(stack) for side in ("base", "quote")}
        return len(traded) > 1 and traded == {each["asset"] for each in await objects(stack, ASSETS)}

    await eventually(all_there, what="markets and assets published")
    before = await versions(stack)
    process.kill()
    await stack.start_operator()
    await stack.order("buy", symbol="ETH/USDT", quantity="0.5", price="2900")
    await stack.until_state("buy", "Open", seconds=60)

    assert await versions(stack) == before
