"""Who is told of what. Callbacks run one after the other on the loop; one that fails harms nobody else."""

import inspect
import logging
import secrets
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from exchange_kernel.client.errors import FieldError, ValidationError
from exchange_kernel.client.events import BaseEvent

_log = logging.getLogger(__name__)
Callback = Callable[[BaseEvent], None]
_FIELDS: Final = ("event_type", "symbol_id", "intent_id", "group_id")
_SNAPSHOT: Final = "include_snapshot"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a subscription wants: all of these, each one value or several.

    Attributes:
        wanted: By the event's field, the values that are wanted.
        include_snapshot: Whether events of the snapshot at the start are.
    """

    wanted: Mapping[str, frozenset[str]]
    include_snapshot: bool = True

    @classmethod
    def of(cls, event_filter: Mapping[str, Any] | None) -> "Filter":
        """Read a filter. Raises ValidationError for a key that means nothing."""
        said = dict(event_filter or {})
        unknown = sorted(set(said) - {*_FIELDS, _SNAPSHOT})
        if unknown:
            message = f"unknown filter {', '.join(unknown)}: write {', '.join(_FIELDS)} or {_SNAPSHOT}"
            raise ValidationError(message, errors=tuple(FieldError(key, "Unknown", message) for key in unknown))
        snapshot = bool(said.pop(_SNAPSHOT, True))
        return cls({key: _values(value) for key, value in said.items()}, snapshot)

    def admits(self, event: BaseEvent) -> bool:
        """Whether a subscription with this filter is told."""
        if event.replayed and not self.include_snapshot:
            return False
        return all(str(getattr(event, key)) in values for key, values in self.wanted.items())


def _values(value: Any) -> frozenset[str]:  # noqa: ANN401 - what a strategy writes
    several = isinstance(value, Collection) and not isinstance(value, str)
    return frozenset(str(each) for each in (value if several else (value,)))


@dataclass(slots=True)
class Subscriptions:
    """Of one kernel. All of it on the thread of the loop.

    Attributes:
        failures: Callbacks that raised.
    """

    failures: int = 0
    _thread: int = field(default_factory=threading.get_ident)
    _known: dict[str, tuple[Callback, Filter]] = field(default_factory=dict)

    def add(self, callback: Callback, event_filter: Mapping[str, Any] | None) -> str:
        """See `ExchangeKernel.subscribe_events`."""
        self._check_thread()
        if inspect.iscoroutinefunction(callback):
            raise TypeError("the callback is a coroutine function: pass a plain one, and create a task in it")
        name = secrets.token_hex(8)
        self._known[name] = (callback, Filter.of(event_filter))
        return name

    def remove(self, name: str) -> None:
        """See `ExchangeKernel.unsubscribe_events`."""
        self._check_thread()
        self._known.pop(name, None)

    def tell(self, event: BaseEvent) -> None:
        """Call everybody who wants this event, and is still subscribed when its turn comes."""
        for name, (callback, wanted) in tuple(self._known.items()):
            if name not in self._known or not wanted.admits(event):
                continue
            try:
                callback(event)
            except Exception:  # noqa: BLE001 - a strategy's own mistake, logged with its trace
                self.failures += 1
                _log.exception("a callback failed on %s", event.event_id)

    def _check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError("subscribe and unsubscribe on the thread of the event loop")
