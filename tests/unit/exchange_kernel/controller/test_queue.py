"""The work queue: client-go's semantics, and urgent keys first."""

import asyncio

import pytest

from exchange_kernel.controller.queue import Level, WorkQueue
from support.virtual_time import in_virtual_time


async def taken(queue: WorkQueue[str], *, urgent_only: bool = False) -> str | None:
    """The next key, None when nobody would get one."""
    try:
        return await asyncio.wait_for(queue.get(urgent_only=urgent_only), 0.001)
    except TimeoutError:
        return None


@in_virtual_time
async def test_keys_are_handled_in_the_order_in_which_they_came() -> None:
    queue: WorkQueue[str] = WorkQueue()
    for key in ("a", "b", "a", "c"):
        queue.add(key)
    assert len(queue) == 3
    assert [await queue.get() for _ in range(3)] == ["a", "b", "c"]
    assert await taken(queue) is None


@in_virtual_time
async def test_a_key_that_comes_in_while_it_is_handled_is_handled_once_more_and_never_by_two() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    assert await queue.get() == "a"
    queue.add("a")
    queue.add("a")
    assert await taken(queue) is None
    queue.done("a")
    assert await taken(queue) == "a"
    queue.done("a")
    assert await taken(queue) is None


@in_virtual_time
async def test_a_delayed_key_is_handled_at_the_earliest_of_its_times() -> None:
    queue: WorkQueue[str] = WorkQueue()
    loop = asyncio.get_running_loop()
    start = loop.time()
    queue.add_after("a", 20.0)
    queue.add_after("a", 5.0)
    queue.add_after("a", 10.0)
    assert await queue.get() == "a"
    assert loop.time() - start == pytest.approx(5.0)
    queue.done("a")
    await asyncio.sleep(60)
    assert len(queue) == 0


@in_virtual_time
async def test_adding_a_key_now_outdoes_its_timer() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add_after("a", 20.0)
    queue.add("a")
    assert await taken(queue) == "a"
    queue.done("a")
    await asyncio.sleep(60)
    assert len(queue) == 0


@in_virtual_time
async def test_a_delay_of_nothing_is_now() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add_after("a", 0.0)
    assert await taken(queue) == "a"


@in_virtual_time
async def test_a_timer_that_ends_while_the_key_is_handled_has_it_handled_again() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    await queue.get()
    queue.add_after("a", 1.0)
    await asyncio.sleep(2.0)
    assert await taken(queue) is None
    queue.done("a")
    assert await taken(queue) == "a"


@in_virtual_time
async def test_a_forgotten_key_does_not_come_back() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    queue.add_after("b", 1.0)
    queue.add("c")
    assert await queue.get() == "a"
    queue.add("a")
    for key in ("a", "b", "c"):
        queue.forget(key)
    queue.done("a")
    await asyncio.sleep(5.0)
    assert len(queue) == 0


@in_virtual_time
async def test_urgent_keys_go_before_all_others() -> None:
    urgent = {"cancel"}
    queue: WorkQueue[str] = WorkQueue(lambda key: Level.URGENT if key in urgent else Level.NORMAL)
    for key in ("a", "b", "cancel"):
        queue.add(key)
    assert await queue.get() == "cancel"
    urgent.add("b")
    queue.add("b")
    assert len(queue) == 2
    assert [await queue.get(), await queue.get()] == ["b", "a"]


@in_virtual_time
async def test_a_worker_that_is_kept_for_urgent_keys_takes_no_other() -> None:
    queue: WorkQueue[str] = WorkQueue(lambda key: Level.URGENT if key.startswith("cancel") else Level.NORMAL)
    reserved = asyncio.create_task(queue.get(urgent_only=True))
    await asyncio.sleep(0)
    queue.add("a")
    await asyncio.sleep(1)
    assert not reserved.done()
    assert await taken(queue) == "a"
    queue.add("cancel-a")
    assert await reserved == "cancel-a"


@in_virtual_time
async def test_every_key_finds_a_worker_however_many_wait_and_give_up() -> None:
    queue: WorkQueue[int] = WorkQueue(lambda key: Level(key % 3))
    handled: list[int] = []

    async def work(*, urgent_only: bool) -> None:
        while True:
            key = await queue.get(urgent_only=urgent_only)
            await asyncio.sleep(0.1)
            handled.append(key)
            queue.done(key)

    workers = [asyncio.create_task(work(urgent_only=number < 2)) for number in range(6)]
    await asyncio.sleep(0)
    quitters = [asyncio.create_task(queue.get()) for _ in range(3)]
    await asyncio.sleep(0)
    for key in range(30):
        queue.add(key)
    # They are awakened by now, and never come: their keys must not be lost.
    for quitter in quitters:
        quitter.cancel()
    await asyncio.gather(*quitters, return_exceptions=True)
    await asyncio.sleep(10)
    assert sorted(handled) == list(range(30))
    for worker in workers:
        worker.cancel()
