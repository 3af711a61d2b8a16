"""A failure is narrowed down to the orders and faults that it takes."""

from collections import Counter

from chaos import plan, shrink
from chaos.campaign import Result
from chaos.findings import Finding
from chaos.plan import Plan
from chaos.verdict import Verdict


def _plan() -> Plan:
    return plan.make(3, orders=30, faults=16, seconds=20.0, shares=(1, 1))


def _result(made: Plan, *, fails: bool) -> Result:
    verdict = Verdict(hurts=(Finding("o0007", "two live orders"),)) if fails else Verdict()
    return Result(made, verdict, Counter(), 1.0, 1.0)


async def test_only_what_a_failure_takes_is_left() -> None:
    """The failure needs order 7 and fault 11."""
    tried: list[Plan] = []

    async def attempt(made: Plan) -> Result:
        tried.append(made)
        fails = 7 in {s.number for s in made.scripts} and 11 in {f.number for f in made.faults}
        return _result(made, fails=fails)

    smallest = await shrink.smallest(_result(_plan(), fails=True), attempt, tries=30)
    assert [script.number for script in smallest.plan.scripts] == [7]
    assert [broken.number for broken in smallest.plan.faults] == [11]
    assert len(tried) <= 30


async def test_a_failure_by_chance_is_reported_as_it_was() -> None:
    async def attempt(made: Plan) -> Result:
        return _result(made, fails=False)

    failed = _result(_plan(), fails=True)
    assert (await shrink.smallest(failed, attempt, tries=5)).plan == failed.plan


def test_the_command_names_what_is_left() -> None:
    whole = _plan()
    assert shrink.command(whole, ["--seed", "3"], whole) == 'make chaos CHAOS="--seed 3"'
    narrow = whole.only(orders={7}, faults=set())
    assert shrink.command(narrow, ["--seed", "3"], whole) == (
        'make chaos CHAOS="--seed 3 --only-orders 7 --only-faults none"'
    )
