"""How often the API server was called, for `/metrics` and for tests that bound the number of writes."""

from collections import Counter
from dataclasses import dataclass, field

WRITES = frozenset({"create", "replace", "patch", "delete"})


@dataclass(frozen=True, slots=True)
class Call:
    """One kind of call. `code` is the HTTP status, 0 where no answer came."""

    verb: str
    resource: str
    code: int


@dataclass(slots=True)
class CallCounters:
    """Counts by verb, resource and code, and the seconds spent waiting by verb and resource."""

    calls: Counter[Call] = field(default_factory=Counter)
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)

    def add(self, call: Call, seconds: float) -> None:
        """Count one exchange of request and answer."""
        self.calls[call] += 1
        key = (call.verb, call.resource)
        self.seconds[key] = self.seconds.get(key, 0.0) + seconds

    def writes(self, resource: str | None = None) -> int:
        """All writes that were sent, whatever their outcome."""
        return sum(
            count
            for call, count in self.calls.items()
            if call.verb in WRITES and (resource is None or call.resource == resource)
        )
