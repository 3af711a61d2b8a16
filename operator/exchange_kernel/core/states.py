"""The transitions of an order's state: everything that may follow what, in one table.

`Unknown` is for unresolved placements only. An order that works becomes Pending or Unknown only while it is replaced:
its end was read back, and the order with the new values is not acknowledged.

The odd rows are real: a fill can arrive after a cancel, and an order that was believed refused never comes back.
"""

from exchange_kernel.api.enums import OrderStateName as S

# From the venue's evidence, an order that was (or may have been) sent can be found in any of these.
_AT_THE_VENUE = frozenset({S.UNTRIGGERED, S.OPEN, S.PARTIALLY_FILLED, S.FILLED, S.CANCELED, S.EXPIRED, S.REJECTED})
_REPLACING = frozenset({S.PENDING, S.UNKNOWN})

FOLLOWS: dict[S, frozenset[S]] = {
    # A look-up before the first request can find the order of a former life at once.
    S.PENDING: _AT_THE_VENUE | {S.DENIED, S.SUBMITTING, S.UNKNOWN},
    # Nothing was sent for a denied spec, so an edit starts anew. A former life's order can be found here as well.
    S.DENIED: _AT_THE_VENUE | {S.PENDING, S.SUBMITTING, S.UNKNOWN},
    # Back to Pending only on proof that nothing was placed.
    # Denied after the proof, when the spec was edited meanwhile and the market does not take it any more.
    S.SUBMITTING: _AT_THE_VENUE | {S.UNKNOWN, S.PENDING, S.DENIED},
    S.UNKNOWN: _AT_THE_VENUE | {S.PENDING, S.SUBMITTING, S.DENIED},
    S.UNTRIGGERED: (_AT_THE_VENUE - {S.UNTRIGGERED}) | _REPLACING,
    # Back to Untriggered never: a trigger fires once.
    S.OPEN: (_AT_THE_VENUE - {S.OPEN, S.UNTRIGGERED}) | _REPLACING,
    S.PARTIALLY_FILLED: frozenset({S.FILLED, S.CANCELED, S.EXPIRED}) | _REPLACING,
    # Late fills: the venue's fill and our cancel crossed, and the fills complete the order.
    S.CANCELED: frozenset({S.FILLED}),
    S.EXPIRED: frozenset({S.FILLED}),
    S.FILLED: frozenset(),
    S.REJECTED: frozenset(),
}


def may_follow(before: S | None, after: S) -> bool:
    """Whether a state may be followed by another (or stay)."""
    return before is None or before is after or after in FOLLOWS[before]
