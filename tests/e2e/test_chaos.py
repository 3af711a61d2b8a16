"""Short campaigns of random faults with fixed seeds; `make chaos` runs long ones."""

from pathlib import Path

import pytest

from chaos import plan, program
from chaos.campaign import run
from support.loopback_only.loopback_guard import Guard


@pytest.mark.slow
@pytest.mark.timeout(420)
@pytest.mark.parametrize(("dialect", "seed", "groups"), [("binance", 11, 12), ("both", 12, 0)])
async def test_a_campaign_of_random_faults_leaves_no_order_twice_and_none_lost(
    dialect: str, seed: int, groups: int, tmp_path: Path, loopback_guard: Guard
) -> None:
    dialects, shares = zip(*program.DIALECTS[dialect], strict=True)
    made = plan.make(seed, orders=80, faults=40, seconds=45.0, shares=shares, groups=groups)
    result = await run(made, dialects, tmp_path, print, lease=program.lease_of(dialect))
    assert result.good, program.report(result)
    assert sum(result.happened.values()) >= 20, program.report(result)
    assert loopback_guard.attempts == []
