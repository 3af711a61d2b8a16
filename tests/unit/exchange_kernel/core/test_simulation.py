"""Two operators, a user and every fault, over worlds that are drawn from seeds.

A longer campaign by hand: `SIMULATION_SEEDS=0:5000` and pytest on this file. A seed that fails is named in
the error's notes.
"""

import os

import pytest

from support.simulation.run import simulate

FIRST, LAST = (int(part) for part in os.environ.get("SIMULATION_SEEDS", "0:32").split(":"))
# Worlds that found a flaw once.
REGRESSIONS = {
    31: "an end was said beside a record that failed: somebody else had gone on and placed",
    375: "an attempt was given up before its look-up was answered, and the next one's missed the former life's order",
    1492: "a denial was judged anew by two operators for ever",
    1683: "reads that failed were counted, and an order that had only been canceled was called vanished",
    2134: "the world's own: a late event of an object that had gone took the one that was restored under its name",
    2677: "a stale process said Canceled while an order was on its way",
    3104: "an order of a later attempt than the rebuilt record was not taken for ours",
    4305: "a twin was denied, and held",
    6738: "what an order had filled that was canceled to be replaced was not counted while the rest waited",
    11964: "a bulk read from before its object was lost counted the order that had replaced another",
    13631: "a process that had seen an order work replaced it after another one had read its end",
    24463: "two processes knew different fills of the order whose rest waited, and neither read it again",
}
BATCH = 8


@pytest.mark.parametrize("first", range(FIRST, LAST, BATCH))
def test_no_world_breaks_an_invariant(first: int) -> None:
    for seed in range(first, min(first + BATCH, LAST)):
        simulate(seed)


@pytest.mark.parametrize("seed", REGRESSIONS, ids=str)
def test_a_world_that_found_a_flaw_stays_whole(seed: int) -> None:
    simulate(seed)


def test_the_same_seed_is_the_same_world() -> None:
    assert simulate(7).counter == simulate(7).counter


def test_worlds_reach_what_matters() -> None:
    seen: dict[str, int] = {}
    for seed in range(40):
        world = simulate(seed)
        for name, count in world.counter.items():
            seen[name] = seen.get(name, 0) + count
        seen["orders"] = seen.get("orders", 0) + world.venue.accepted
    wanted = (
        "state Unknown",
        "state Denied",
        "state Expired",
        "end Open",
        "end Filled",
        "end Canceled",
        "amended in place",
        "replaced",
        "restore",
        "lose",
    )
    assert [name for name in (*wanted, "orders") if not seen.get(name)] == []
