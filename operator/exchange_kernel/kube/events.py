"""Kubernetes Events: what a user sees at the end of `kubectl describe`.

Written as core/v1 Events, not events.k8s.io/v1. Both are the same stored objects and kubectl shows either; but the
newer API makes everything except `series` immutable and wants two occurrences before there is a series, while
`count`, `lastTimestamp` and the latest message of the older one can be updated in place, and are what dashboards,
event exporters and Argo CD read.

Events are a courtesy. Recording never waits and never raises; what cannot be written is dropped and counted. They are
written at a modest pace, because an API server that is busy with a burst of orders has better things to do.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from exchange_kernel import clocks
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.errors import AlreadyExists, KubeError, NotFound, cap
from exchange_kernel.kube.event_aggregation import EventAggregator, EventLimits, EventTarget, EventType, PendingEvent
from exchange_kernel.kube.resources import EVENTS, Json

NOTE_LIMIT: Final = 1024
# So many Events at once, and then so many per second.
PACE_BURST: Final = 20
PACE_PER_SECOND: Final = 10.0

_log = logging.getLogger(__name__)


class EventRecorder:
    """Takes Events at any rate and writes them one after the other. Belongs to one event loop."""

    def __init__(
        self,
        client: ApiClient,
        *,
        instance: str,
        limits: EventLimits | None = None,
        now: Callable[[], datetime] = clocks.wall,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._instance = instance
        self._now = now
        self._monotonic = monotonic
        self._paid_until = 0.0
        self._hurry = asyncio.Event()
        self._events = EventAggregator(limits or EventLimits())
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def dropped(self) -> dict[str, int]:
        """Events that were not written, by reason."""
        return dict(self._events.dropped)

    def record(self, target: EventTarget, kind: EventType, reason: str, message: str) -> None:
        """Take an Event in; never waits, never raises.

        Args:
            target: The object that it is about.
            kind: Normal or Warning.
            reason: CamelCase word for machines, e.g. `OrderPlaced`.
            message: A sentence for people; no secrets.
        """
        if self._events.offer(target, kind, reason, cap(message, NOTE_LIMIT), self._now(), self._monotonic()):
            self._idle.clear()
            self._wake.set()

    async def run(self) -> None:
        """Write what waits, until canceled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while event := self._events.take():
                await self._write(event)
                await self._pace()
            self._idle.set()

    async def _pace(self) -> None:
        """Each Event costs a share of a second; the first ones are free."""
        now = self._monotonic()
        self._paid_until = max(self._paid_until, now) + 1.0 / PACE_PER_SECOND
        ahead = self._paid_until - now - PACE_BURST / PACE_PER_SECOND
        if ahead > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), ahead)

    async def drain(self, seconds: float) -> bool:
        """Write what is left without a pause, for so long at most. False when something is left."""
        self._hurry.set()
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            return False
        finally:
            self._hurry.clear()
        return True

    async def _write(self, event: PendingEvent) -> None:
        try:
            await self._send(event)
        except KubeError as error:
            self._events.dropped[type(error).__name__] += 1
            _log.debug("event %s of %s is dropped: %s", event.key.reason, event.target.name, error)
        else:
            self._events.written(event, self._monotonic())

    async def _send(self, event: PendingEvent) -> None:
        namespace = event.target.namespace
        if event.exists:
            try:
                await self._client.merge_patch(EVENTS, namespace, event.name, update_of(event))
            except NotFound:  # the API server forgets Events after an hour
                self._events.forget(event)
            else:
                return
        try:
            await self._client.create(EVENTS, namespace, body_of(event, self._instance))
        except AlreadyExists:
            await self._client.merge_patch(EVENTS, namespace, event.name, update_of(event))


def body_of(event: PendingEvent, instance: str) -> Json:
    """The Event object, as it is created."""
    target = event.target
    involved = {
        "apiVersion": target.api_version,
        "kind": target.kind,
        "namespace": target.namespace,
        "name": target.name,
        "uid": target.uid,
    }
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": event.name, "namespace": target.namespace},
        "involvedObject": involved,
        "type": event.key.type.value,
        "reason": event.key.reason,
        "source": {"component": "exchange-kernel", "host": instance},
        "reportingComponent": "exchange-kernel",
        "reportingInstance": instance,
        "firstTimestamp": _stamp(event.first),
        **update_of(event),
    }


def update_of(event: PendingEvent) -> Json:
    """What a repetition changes."""
    return {"message": event.message, "count": event.count, "lastTimestamp": _stamp(event.last)}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
