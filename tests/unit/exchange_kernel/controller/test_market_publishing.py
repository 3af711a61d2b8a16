"""Publishing markets: beside the orders, bounded, and not at all where nothing differs."""

from decimal import Decimal

from exchange_kernel.core.venue_rules import Market
from support.builders import market
from support.virtual_time import in_virtual_time
from support.world import DESK, World

PLURALS = ("exchangemarkets", "exchangeassets")


def many(count: int) -> dict[str, Market]:
    made = (market(symbol=f"A{n}/USDT", base=f"A{n}") for n in range(count))
    return {each.symbol: each for each in (market(), *made)}


def written(world: World) -> list[str]:
    return [verb for verb, plural in world.api.writes if plural in PLURALS]


def found(world: World, plural: str = "exchangemarkets") -> list[str]:
    key = "symbol" if plural == "exchangemarkets" else "asset"
    return sorted(str(obj[key]) for (kind, _, _), obj in world.api.objects.items() if kind == plural)


async def ready(count: int = 3, **wish: object) -> World:
    world = World()
    world.venue._markets.update(many(count))
    await world.ready()
    world.account_spec(markets=wish or {"mode": "All"})
    return world


@in_virtual_time
async def test_every_market_and_asset_of_the_account_is_published() -> None:
    world = await ready()
    await world.pass_time(10)

    assert found(world) == ["A0/USDT", "A1/USDT", "A2/USDT", "BTC/USDT"]
    assert found(world, "exchangeassets") == ["A0", "A1", "A2", "BTC", "USDT"]


@in_virtual_time
async def test_without_a_wish_nothing_is_published() -> None:
    world = World()
    await world.ready()
    await world.pass_time(10)

    assert written(world) == []


@in_virtual_time
async def test_a_restart_and_the_hourly_pass_write_nothing() -> None:
    world = await ready()
    await world.pass_time(10)
    before = len(written(world))

    await world.crash()
    await world.restart()
    await world.pass_time(3700)

    assert len(written(world)) == before == 9


@in_virtual_time
async def test_the_writes_of_many_markets_are_bounded_and_end() -> None:
    world = await ready(200)
    await world.pass_time(3)
    early = len(written(world))
    await world.pass_time(10)

    assert 0 < early <= 3 * 60 + 1
    assert len(written(world)) == 403


@in_virtual_time
async def test_what_the_account_does_not_want_any_more_is_removed() -> None:
    world = await ready()
    await world.pass_time(10)
    world.account_spec(markets={"mode": "Selected", "symbols": ["A1/USDT"]})
    await world.pass_time(10)

    assert found(world) == ["A1/USDT"]
    assert found(world, "exchangeassets") == ["A1", "USDT"]


@in_virtual_time
async def test_an_edit_by_somebody_else_is_overwritten_within_the_hour() -> None:
    world = await ready()
    await world.pass_time(10)
    name = next(name for (kind, _, name) in world.api.objects if kind == "exchangemarkets")
    tick = world.api.get("exchangemarkets", DESK, name)["priceTick"]
    world.api.objects["exchangemarkets", DESK, name]["priceTick"] = str(Decimal(tick) * 2)
    await world.pass_time(3700)

    assert world.api.get("exchangemarkets", DESK, name)["priceTick"] == tick
