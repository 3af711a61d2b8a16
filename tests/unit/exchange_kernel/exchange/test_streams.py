"""The supervisor of an order stream: whatever ends it, it is taken up again, with pauses that grow."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from exchange_kernel.exchange.hints import Hint
from exchange_kernel.exchange.port import RateLimited, StreamEnded
from exchange_kernel.exchange.streams import SAID_AFTER, StreamState, StreamSupervisor, pause, shown
from support.virtual_time import in_virtual_time

ENDED = StreamEnded("the connection is lost")


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class Venue:
    """Lets each stream end as the test says: an error at once, or (with `lives`) after so many seconds."""

    ends: list[BaseException]
    lives: float | None = None
    began: list[float] = field(default_factory=list)

    async def listen(self, heard: Callable[[Hint], None], live: Callable[[], None]) -> None:
        del heard
        self.began.append(now())
        if self.lives is not None:
            live()
            await asyncio.sleep(self.lives)
        if not self.ends:
            live()
            await asyncio.Event().wait()
        raise self.ends.pop(0)


def supervise(venue: Venue, chance: float = 1.0) -> StreamSupervisor:
    return StreamSupervisor("main", venue.listen, lambda _: None, lambda: None, now, lambda: chance)


async def gaps(venue: Venue, seconds: float) -> tuple[list[float], StreamSupervisor]:
    supervisor = supervise(venue)
    supervisor.start()
    await asyncio.sleep(seconds)
    return [later - earlier for earlier, later in zip(venue.began, venue.began[1:], strict=False)], supervisor


@in_virtual_time
async def test_a_stream_that_cannot_be_had_is_tried_again_at_growing_pauses() -> None:
    found, supervisor = await gaps(Venue([ENDED] * 8), 200)
    assert found == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert supervisor.state is StreamState.LIVE
    assert (supervisor.counters.ended, supervisor.counters.connected) == (8, 1)
    assert supervisor.counters.last_end == "the connection is lost"
    await supervisor.stop()


@in_virtual_time
async def test_a_stream_that_had_lived_for_long_is_taken_up_soon() -> None:
    found, supervisor = await gaps(Venue([ENDED] * 3, lives=60.0), 200)
    assert found == [60.5, 60.5, 60.5]
    await supervisor.stop()


@in_virtual_time
async def test_a_venue_that_wants_a_pause_gets_it() -> None:
    found, supervisor = await gaps(Venue([RateLimited("429", 17.0)]), 60)
    assert found == [17.0]
    await supervisor.stop()


@in_virtual_time
async def test_a_bug_in_the_stream_is_a_lost_stream_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    found, supervisor = await gaps(Venue([RuntimeError("apiKey=secret")]), 10)
    assert found == [0.5]
    assert "secret" not in caplog.text
    await supervisor.stop()


@in_virtual_time
async def test_a_live_stream_that_is_no_good_is_ended_and_taken_up_again() -> None:
    venue = Venue([])
    supervisor = supervise(venue)
    supervisor.renew("not started yet: nothing happens")
    supervisor.start()
    await asyncio.sleep(5)
    assert supervisor.live_since == venue.began[0]
    supervisor.renew("it is silent")
    await asyncio.sleep(5)
    assert len(venue.began) == 2
    assert supervisor.counters.last_end == "it is silent"
    assert supervisor.state is StreamState.LIVE
    await supervisor.stop()


@in_virtual_time
async def test_a_stopped_supervisor_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    supervisor = supervise(Venue([]))
    supervisor.start()
    await asyncio.sleep(1)
    await supervisor.stop()
    await supervisor.stop()
    assert asyncio.all_tasks() == before


def test_the_pause_is_jittered_between_half_and_whole() -> None:
    assert (pause(3, 0.0), pause(3, 1.0)) == (1.0, 2.0)
    assert pause(50, 1.0) == 30.0


OFF, CONNECTING, LIVE, DOWN = StreamState.OFF, StreamState.CONNECTING, StreamState.LIVE, StreamState.DOWN


@pytest.mark.parametrize(
    ("before", "state", "lasts", "said"),
    [
        (OFF, CONNECTING, 0, CONNECTING),
        (OFF, LIVE, 0, LIVE),
        (CONNECTING, LIVE, 0, LIVE),
        (LIVE, DOWN, 1, LIVE),
        (LIVE, CONNECTING, 1, LIVE),
        (LIVE, DOWN, SAID_AFTER, DOWN),
        (LIVE, CONNECTING, SAID_AFTER, DOWN),
        (DOWN, LIVE, 1, DOWN),
        (DOWN, LIVE, SAID_AFTER, LIVE),
        (DOWN, CONNECTING, SAID_AFTER, DOWN),
        (LIVE, OFF, 0, OFF),
    ],
)
def test_a_status_says_what_has_lasted(
    before: StreamState, state: StreamState, lasts: float, said: StreamState
) -> None:
    assert shown(before, state, lasts) is said
