"""Which Events are worth a write. Pure: the time is an argument.

Kubernetes Events are for people. An order that is refused in a loop must not fill etcd with the same sentence, so
Events of one object that say the same are one Event with a count, as `kubectl describe` shows it ("x7 over 3m"):

* Equal means: same object (uid), type, reason and message pattern, where numbers and ids do not count.
* What repeats before it was sent only raises the count of what waits.
* What repeats later, within `repeat_seconds`, updates the Event that was written.
* Each object has a token bucket; what exceeds it is dropped and counted, as is what exceeds the queue.
"""

import hashlib
import re
from collections import Counter, OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

_VARIABLE: Final = re.compile(r"[0-9a-f]{8,}|[0-9]+(?:\.[0-9]+)?")


class EventType(StrEnum):
    """The two types that Kubernetes knows."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class EventTarget:
    """The object that an Event is about."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    resource_version: str = ""


@dataclass(frozen=True, slots=True)
class EventKey:
    """What makes two Events the same."""

    uid: str
    type: EventType
    reason: str
    pattern: str


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An Event to be written.

    Attributes:
        count: How often it has happened, also before this write.
        first: When it first happened.
        last: When it last happened.
        name: Name of the Event object.
        exists: Whether that object has been written before.
    """

    key: EventKey
    target: EventTarget
    message: str
    count: int
    first: datetime
    last: datetime
    name: str
    exists: bool = False


@dataclass(frozen=True, slots=True)
class EventLimits:
    """Bounds of the recorder.

    Attributes:
        queue: Different Events that may wait.
        burst: Events per object that may be written at once.
        refill_seconds: Seconds after which an object may have one more.
        repeat_seconds: For so long after its last occurrence an Event is updated in place of a new one.
        remembered: Written Events, and objects with a bucket, that are remembered.
    """

    queue: int = 1000
    burst: int = 20
    refill_seconds: float = 30.0
    repeat_seconds: float = 600.0
    remembered: int = 4000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(slots=True)
class EventAggregator:
    """What waits to be written, what was written, and what was dropped (by reason)."""

    limits: EventLimits = field(default_factory=EventLimits)
    dropped: Counter[str] = field(default_factory=Counter)
    _waiting: OrderedDict[EventKey, PendingEvent] = field(default_factory=OrderedDict)
    _written: OrderedDict[EventKey, tuple[PendingEvent, float]] = field(default_factory=OrderedDict)
    _buckets: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)
    _under_way: PendingEvent | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(  # noqa: PLR0913, PLR0917 - an event, and the two clocks
        self, target: EventTarget, kind: EventType, reason: str, message: str, now: datetime, monotonic: float
    ) -> bool:
        """Take an Event in. False when it was dropped."""
        key = EventKey(target.uid, kind, reason, pattern_of(message))
        if waiting := self._waiting.get(key):
            self._waiting[key] = replace(waiting, count=waiting.count + 1, last=now, message=message)
            return True
        if len(self._waiting) >= self.limits.queue:
            self.dropped["queue full"] += 1
            return False
        if not self._take_token(target.uid, monotonic):
            self.dropped["too many"] += 1
            return False
        self._waiting[key] = self._next(key, target, message, now, monotonic)
        return True

    def take(self) -> PendingEvent | None:
        """The Event that has waited longest; None when none waits. The caller writes one at a time."""
        self._under_way = self._waiting.popitem(last=False)[1] if self._waiting else None
        return self._under_way

    def written(self, event: PendingEvent, monotonic: float) -> None:
        """Remember that an Event is on the API server, so that a repetition updates it."""
        self._under_way = None
        self._written[event.key] = (replace(event, exists=True), monotonic)
        self._written.move_to_end(event.key)
        if len(self._written) > self.limits.remembered:
            self._written.popitem(last=False)

    def forget(self, event: PendingEvent) -> None:
        """The API server does not have that Event any more; a repetition is a new one."""
        self._written.pop(event.key, None)

    def _next(self, key: EventKey, target: EventTarget, message: str, now: datetime, monotonic: float) -> PendingEvent:
        if self._under_way is not None and self._under_way.key == key:
            # It is being written right now: what repeats meanwhile goes to the same object.
            return replace(self._under_way, message=message, count=self._under_way.count + 1, last=now)
        previous, at = self._written.get(key, (None, 0.0))
        if previous is not None and monotonic - at <= self.limits.repeat_seconds:
            return replace(previous, message=message, count=previous.count + 1, last=now)
        return PendingEvent(key, target, message, 1, now, now, name_of(key, target, now))

    def _take_token(self, uid: str, monotonic: float) -> bool:
        bucket = self._buckets.get(uid) or _Bucket(float(self.limits.burst), monotonic)
        self._buckets[uid] = bucket
        self._buckets.move_to_end(uid)
        if len(self._buckets) > self.limits.remembered:
            self._buckets.popitem(last=False)
        refilled = bucket.tokens + (monotonic - bucket.at) / self.limits.refill_seconds
        bucket.tokens, bucket.at = min(float(self.limits.burst), refilled), monotonic
        if bucket.tokens < 1.0:
            return False
        bucket.tokens -= 1.0
        return True


def pattern_of(message: str) -> str:
    """The message without its numbers and ids: `price 1.5 below 2` and `price 1.6 below 2` say the same."""
    return _VARIABLE.sub("#", message)


def name_of(key: EventKey, target: EventTarget, first: datetime) -> str:
    """A name for the Event object: that of its object, so that it can be told in a list, and a hash."""
    seed = f"{key.uid}\0{key.type}\0{key.reason}\0{key.pattern}\0{first.isoformat()}"
    return f"{target.name[:220]}.{hashlib.sha256(seed.encode()).hexdigest()[:16]}"
