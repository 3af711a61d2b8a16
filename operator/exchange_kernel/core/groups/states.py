"""The transitions of a group's state: everything that may follow what, in one table.

The odd rows are real: an order that was canceled can still have been filled, so that a group that had ended holds
something again, and goes on to protect it or to end it.
"""

from exchange_kernel.api.enums import GroupState as S
from exchange_kernel.api.enums import GroupType

_ENDED = frozenset({S.COMPLETED, S.CANCELED, S.EXPIRED, S.REJECTED})
# A late fill: something is held again, or was exited once more than there was.
_REOPENED = frozenset({S.ENTERING, S.WORKING, S.CLOSING}) | _ENDED

FOLLOWS: dict[S, frozenset[S]] = {
    S.PENDING: frozenset({S.DENIED, S.ENTERING, S.WORKING, S.CLOSING}) | _ENDED,
    # Nothing was sent for a denied spec, so an edit starts anew. An entry that is denied after the group began keeps
    # the group Denied until it is edited or ended.
    S.DENIED: frozenset({S.PENDING, S.ENTERING, S.WORKING, S.CLOSING}) | _ENDED,
    # Pending again: the entry is placed anew on proof that nothing was placed. Denied: an edit that it does not take.
    S.ENTERING: frozenset({S.PENDING, S.DENIED, S.WORKING, S.CLOSING}) | _ENDED,
    S.WORKING: frozenset({S.CLOSING}) | _ENDED,
    # Working again: a leg was refused, and the other one was filled before it could be canceled.
    S.CLOSING: _ENDED | {S.WORKING},
    S.COMPLETED: _REOPENED,
    S.CANCELED: _REOPENED,
    S.EXPIRED: _REOPENED,
    S.REJECTED: _REOPENED,
}


def may_follow(before: S | None, after: S | None) -> bool:
    """Whether a state may be followed by another (or stay)."""
    return before is None or after is None or before is after or after in FOLLOWS[before]


def transitions_of(kind: GroupType) -> tuple[tuple[S, S], ...]:
    """The ways of one type that are not odd: what a group goes through when nothing shows up late."""
    # Only an entry can be awaited.
    never = frozenset() if kind.has_entry else frozenset({S.ENTERING})
    return tuple(
        (before, after)
        for before, follows in FOLLOWS.items()
        for after in S
        if after in follows and not before.is_final and not {before, after} & never
    )
