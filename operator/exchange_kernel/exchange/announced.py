"""What is about to be asked: the weight of placements that are recorded and have not reached the queue yet.

A placement is recorded only where the venue's limits leave room for its requests (`AccountSession.venue_wait`). Between
that answer and the requests lies the write of the record; many orders that are judged in that time would all be told of
the same room. So each takes its part at once, and hands it over to the queue, request by request.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class _Coming:
    until: float
    weights: dict[str, int]


@dataclass(slots=True)
class Announced:
    """By client order id, what will be asked for. Times are seconds of one monotonic clock."""

    _coming: dict[str, _Coming] = field(default_factory=dict)

    def add(self, client_order_id: str, weights: dict[str, int], until: float) -> None:
        """A placement is about to be recorded.

        Args:
            client_order_id: The placement.
            weights: By operation, what it will cost.
            until: When its send window has closed: what was not asked by then never is.
        """
        self._coming[client_order_id] = _Coming(until, weights)

    def begun(self, client_order_id: str, operation: str) -> None:
        """A request has reached the queue, where it is counted from now on; after the create nothing else follows."""
        coming = self._coming.get(client_order_id)
        if coming is None:
            return
        coming.weights.pop(operation, None)
        if operation == "create_order":
            del self._coming[client_order_id]

    def weight(self, now: float) -> int:
        """All that is still to come."""
        for client_order_id in [key for key, coming in self._coming.items() if coming.until <= now]:
            del self._coming[client_order_id]
        return sum(sum(coming.weights.values()) for coming in self._coming.values())
