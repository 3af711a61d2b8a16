"""Virtual time: events in a heap, and tasks as generators that yield what they wait for."""

import heapq
import itertools
from collections.abc import Callable, Generator
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait so many seconds, or until `Host.wake` when the host is woken."""

    seconds: float
    wakeable: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A request over a network: `effect` happens at the other side, its result is the answer.

    Attributes:
        timeout: After so many seconds the client gives up; the effect may still happen.
        lost: What the client gets when there is no answer.
    """

    effect: Callable[[], Any]
    timeout: float
    lost: Any


Wait = Sleep | tuple[Request, ...]
Steps = Generator[Wait, Any, Any]


class Host(Protocol):
    """A process that tasks run in."""

    alive: bool
    frozen_until: float
    waker: Callable[[], None] | None

    def before_step(self) -> None:
        """Called before each step of a task: here a process can be killed or stopped."""
        ...


class Scheduler:
    """Runs events in the order of virtual time."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)  # noqa: S311 - a simulation is repeatable
        self.now = 0.0
        self.lossy = 0.0  # probability that a request or its answer is lost
        self.slow = 0.0  # probability that a request is late
        self.delays: tuple[float, ...] = (1.0,)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        """Schedule an event."""
        heapq.heappush(self._events, (self.now + max(0.0, seconds), next(self._order), event))

    def run(self, until: float) -> None:
        """Let time pass."""
        while self._events and self._events[0][0] <= until:
            self.now, _, event = heapq.heappop(self._events)
            event()
        self.now = until

    def chance(self, probability: float) -> bool:
        """Whether something of that probability happens."""
        return probability > 0 and self.rng.random() < probability

    def start(self, host: Host, steps: Steps) -> None:
        """Run a task in a process until it ends or the process dies."""
        self.after(0.0, lambda: self._step(host, steps, None))

    def _step(self, host: Host, steps: Steps, value: Any) -> None:  # noqa: ANN401 - whatever the task waited for
        if host.alive and host.frozen_until <= self.now:
            host.before_step()
        if not host.alive:
            steps.close()
            return
        if host.frozen_until > self.now:
            self.after(host.frozen_until - self.now, lambda: self._step(host, steps, value))
            return
        try:
            wait = steps.send(value)
        except StopIteration:
            return
        if isinstance(wait, Sleep):
            self._sleep(host, steps, wait)
        else:
            self._ask(host, steps, wait)

    def _sleep(self, host: Host, steps: Steps, wait: Sleep) -> None:
        done = False

        def wake() -> None:
            nonlocal done
            if not done:
                done = True
                self._step(host, steps, None)

        if wait.wakeable:
            host.waker = lambda: self.after(0.0, wake)
        self.after(wait.seconds, wake)

    def _ask(self, host: Host, steps: Steps, requests: tuple[Request, ...]) -> None:
        answers: dict[int, Any] = {}

        def answered(index: int, answer: Any) -> None:  # noqa: ANN401
            if index not in answers:
                answers[index] = answer
                if len(answers) == len(requests):
                    self._step(host, steps, tuple(answers[i] for i in range(len(requests))))

        for index, request in enumerate(requests):
            self._transmit(request, lambda answer, index=index: answered(index, answer))  # type: ignore[misc]
        if not requests:
            self.after(0.0, lambda: self._step(host, steps, ()))

    def _transmit(self, request: Request, answered: Callable[[Any], None]) -> None:
        """Way there, effect, way back; each can be late, each can be lost."""
        self.after(request.timeout, lambda: answered(request.lost))
        if self.chance(self.lossy):
            return
        answer_is_lost = self.chance(self.lossy)

        def arrive() -> None:
            result = request.effect()
            if not answer_is_lost:
                self.after(self._latency(), lambda: answered(result))

        self.after(self._latency(), arrive)

    def _latency(self) -> float:
        return self.rng.choice(self.delays) if self.chance(self.slow) else self.rng.uniform(0.002, 0.05)
