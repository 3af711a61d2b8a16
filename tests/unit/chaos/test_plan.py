"""The same seed is the same campaign, and a narrowed one keeps what it keeps."""

from dataclasses import replace

from chaos import plan
from chaos.plan import Amend, Cancel, Create, Delete


def _made(seed: int = 7, *, orders: int = 60, faults: int = 40) -> plan.Plan:
    return plan.make(seed, orders=orders, faults=faults, seconds=30.0, shares=(1, 1, 2))


def test_a_seed_gives_the_same_campaign_again() -> None:
    assert _made() == _made()
    assert _made().scripts != _made(8).scripts
    assert _made().faults != _made(8).faults


def test_another_number_of_faults_leaves_the_orders_as_they_are() -> None:
    assert _made(faults=10).scripts == _made(faults=40).scripts


def test_a_narrowed_campaign_keeps_numbers_times_and_market() -> None:
    whole = _made()
    narrow = whole.only(orders={3, 5}, faults={1})
    assert narrow.scripts == (whole.scripts[3], whole.scripts[5])
    assert narrow.faults == (whole.faults[1],)
    assert narrow.market == whole.market
    assert whole.only() == whole


def test_a_campaign_has_every_kind_of_act_and_many_kinds_of_faults() -> None:
    made = _made(orders=300, faults=300)
    acts = {type(act) for script in made.scripts for _, act in script.acts}
    assert acts == {Create, Amend, Cancel, Delete}
    assert len({type(broken.fault) for broken in made.faults}) >= 9


def test_acts_follow_each_other_and_begin_with_an_apply() -> None:
    for script in _made(orders=200).scripts:
        times = [at for at, _ in script.acts]
        assert times == sorted(times)
        assert isinstance(script.acts[0][1], Create)


def test_the_last_wish_counts_from_the_last_life() -> None:
    script = _made().scripts[0]
    spec = {"symbol": "BTC/USDT", "price": "1", "quantity": "2"}
    acts = ((0.0, Create(spec)), (1.0, Amend({"price": "3"})), (2.0, Delete()), (3.0, Create(spec)), (4.0, Cancel()))
    lived_twice = replace(script, acts=acts)
    assert lived_twice.wish == {**spec, "desiredState": "Canceled"}
    assert not lived_twice.deleted
    assert replace(script, acts=acts[:3]).deleted
