"""Fault rules: which request or event goes wrong, how, and exactly when.

A rule says what it matches, at which point of a request's way it strikes, and what it does there. The point is what
makes the difference to a client that has to find out whether its order exists:

    before_auth    the request has arrived and nothing has looked at it
    before_engine  it is signed and well-formed; the engine has not seen it: the order does not exist
    after_engine   the engine has done it; no byte of the answer is on the wire: the order exists
    in_body        the answer is being written: the order exists, the client reads part of it
    event          an event of the user data stream is about to be sent
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import ClassVar, Final


class FaultRuleError(ValueError):
    """A rule that could never do what it says; the message tells what to write instead."""


class Hook(StrEnum):
    """The points of a request's way at which a rule can strike."""

    BEFORE_AUTH = "before_auth"
    BEFORE_ENGINE = "before_engine"
    AFTER_ENGINE = "after_engine"
    IN_BODY = "in_body"
    EVENT = "event"


class Action(StrEnum):
    """What a rule does when it strikes."""

    DELAY = "delay"
    """Wait `delay_ms`, then go on."""
    DROP = "drop"
    """End the connection without an answer: `how` is rst or fin."""
    RESPOND = "respond"
    """Answer with `status`, `headers` and `body` instead."""
    EMPTY = "empty"
    """Answer 200 without a body."""
    GARBLE = "garble"
    """Answer 200 with a page of HTML."""
    TRUNCATE = "truncate"
    """Announce the whole answer, send the first half, end the connection."""
    DUPLICATE = "duplicate"
    """Do the request twice, as after a re-transmission by a proxy; `answer` says whose answer goes back."""
    DROP_EVENT = "drop_event"
    """Never send it."""
    DUPLICATE_EVENT = "duplicate_event"
    """Send it twice."""
    REORDER_EVENT = "reorder_event"
    """Hold it back until the next event of the connection has been sent."""
    MALFORM_EVENT = "malform_event"
    """Send the first half of its JSON text."""
    CLOSE = "close"
    """End the websocket: `how` is rst, or a close frame with `code`."""
    STALL = "stall"
    """Half-open: the connection stays up, nothing is sent or answered any more, not even pongs."""


_ANSWER_HOOKS: Final = frozenset({Hook.BEFORE_AUTH, Hook.BEFORE_ENGINE, Hook.AFTER_ENGINE})


_BODY_HOOKS: Final = frozenset({Hook.BEFORE_AUTH, Hook.BEFORE_ENGINE, Hook.AFTER_ENGINE, Hook.IN_BODY})


_EVENT_ONLY: Final = frozenset({Hook.EVENT})


ALLOWED_AT: Final[Mapping[Action, frozenset[Hook]]] = {
    Action.DELAY: frozenset(Hook),
    Action.DROP: _BODY_HOOKS,
    Action.RESPOND: _ANSWER_HOOKS,
    Action.EMPTY: _BODY_HOOKS,
    Action.GARBLE: _BODY_HOOKS,
    Action.TRUNCATE: frozenset({Hook.AFTER_ENGINE, Hook.IN_BODY}),
    Action.DUPLICATE: frozenset({Hook.BEFORE_ENGINE}),
    Action.DROP_EVENT: _EVENT_ONLY,
    Action.DUPLICATE_EVENT: _EVENT_ONLY,
    Action.REORDER_EVENT: _EVENT_ONLY,
    Action.MALFORM_EVENT: _EVENT_ONLY,
    Action.CLOSE: frozenset(Hook),
    Action.STALL: frozenset(Hook),
}
"""Which action makes sense at which hook; every other pair is refused when the rule is made."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at: one request, or one event of a stream.

    Attributes:
        method: The HTTP method, or WS for WS-API requests and events.
        path: The path, as /api/v3/order; of the WS-API the method, as order.place; of an event its type.
        client_order_id: The client order id that the request or event names, if any.
        account: The account, empty before authentication.
    """

    method: str
    path: str
    client_order_id: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule applies to. Texts are globs (`*`, `?`, `[a-z]`) and case-sensitive; an absent one matches all."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    method: str = "*"
    path: str = "*"
    client_order_id: str = "*"
    account: str = "*"

    def covers(self, subject: Subject) -> bool:
        """Whether the subject is one of those meant."""
        return (
            fnmatchcase(subject.method, self.method)
            and fnmatchcase(subject.path, self.path)
            and fnmatchcase(subject.client_order_id, self.client_order_id)
            and fnmatchcase(subject.account, self.account)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """One rule.

    Attributes:
        match: What it applies to.
        at: Where it strikes.
        do: What it does there.
        nth: Only the nth match (from 1); None for each.
        count: How often it strikes at most; None for ever.
        probability: Of a strike at a match, 0 to 1, decided by the seed.
        delay_ms: For DELAY; also waited before any other action.
        how: For DROP and CLOSE: rst (the client reads a connection reset) or fin (a regular end).
        status: HTTP status of RESPOND.
        body: Text of the body of RESPOND and GARBLE.
        headers: Further headers of RESPOND.
        answer: For DUPLICATE: first or second, the answer that the client gets.
        code: Close code of CLOSE.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    match: Match = field(default_factory=Match)
    at: Hook
    do: Action
    nth: int | None = None
    count: int | None = None
    probability: float = 1.0
    delay_ms: int = 0
    how: str = "rst"
    status: int = 500
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: str = "second"
    code: int = 1006

    def __post_init__(self) -> None:
        """Refuses a rule that contradicts itself.

        Raises:
            FaultRuleError: With what to write instead.
        """
        if self.at not in ALLOWED_AT[self.do]:
            places = ", ".join(sorted(ALLOWED_AT[self.do]))
            raise FaultRuleError(f"{self.do} cannot happen at {self.at}; write one of: {places}")
        if self.do is Action.DELAY and self.delay_ms <= 0:
            raise FaultRuleError("delay needs delay_ms above 0")
        if not 0 < self.probability <= 1:
            raise FaultRuleError(f"probability {self.probability} is outside 0 to 1; leave it out to strike each time")
        if self.how not in {"rst", "fin"}:
            raise FaultRuleError(f"how is rst or fin, not {self.how!r}")
        if self.answer not in {"first", "second"}:
            raise FaultRuleError(f"answer is first or second, not {self.answer!r}")
        if not 200 <= self.status <= 599:
            raise FaultRuleError(f"status {self.status} is no HTTP status of an answer; write 200 to 599")
        _at_least("nth", self.nth, 1)
        _at_least("count", self.count, 1)
        _at_least("delay_ms", self.delay_ms, 0)


def _at_least(name: str, value: int | None, least: int) -> None:
    if value is not None and value < least:
        raise FaultRuleError(f"{name} is {value}; write {least} or more")
