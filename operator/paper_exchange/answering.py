"""What goes back for a request, and how fault rules change it: the same in every dialect.

A dialect's gateway leads a request through its own steps and asks the fault points between them; where no rule is in
force they cost one look into an empty table.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from paper_exchange.fault_rules import Action, FaultRule, Hook, Subject
from paper_exchange.faults import FaultBook
from paper_exchange.venue import Venue

Json = Any
"""What orjson can write."""
Work = Callable[[], Json]
"""The part of a request that reaches the engine. It may be called twice: that is what a duplicated request is."""

_HTML = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"


class Delivery(Enum):
    """How much of an answer reaches the client."""

    WHOLE = auto()
    HALF_THEN_FIN = auto()
    HALF_THEN_RST = auto()
    RST = auto()
    FIN = auto()
    CLOSE = auto()
    """Websockets only: a close frame."""
    STALL = auto()
    """Nothing, for ever; the connection stays up."""


@dataclass(slots=True)
class Answer:
    """What goes back.

    Attributes:
        status: HTTP status, or `status` of a WS-API answer; 0 when nothing goes back.
        result: What the endpoint answers, or the body of its refusal.
        code: The refusal's number, 0 for none.
        raw: Literal bytes instead of the result, put there by a fault.
        headers: Further HTTP headers.
        delivery: How much of it reaches the client.
        pause_s: Seconds to wait in the middle of the body.
        close_code: For `Delivery.CLOSE`.
        account: Who asked, empty before authentication.
    """

    status: int
    result: Json = None
    code: int = 0
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE
    pause_s: float = 0.0
    close_code: int = 1000
    account: str = ""


@dataclass(slots=True)
class Trace:
    """What happened to a request so far."""

    subject: Subject
    engine_calls: int = 0
    error: str = ""
    """The refusal's text, where the dialect has texts and no numbers."""


def replacement(rule: FaultRule | None) -> Answer | None:
    """The answer that a rule puts in the place of the real one; None when the real one is still wanted."""
    if rule is None:
        return None
    rude = rule.how == "rst"
    answers = {
        Action.DROP: Answer(0, delivery=Delivery.RST if rude else Delivery.FIN),
        Action.RESPOND: Answer(rule.status, raw=rule.body.encode(), headers=rule.headers),
        Action.EMPTY: Answer(200, raw=b""),
        Action.GARBLE: Answer(200, raw=(rule.body or _HTML).encode(), headers={"Content-Type": "text/html"}),
        Action.CLOSE: Answer(0, delivery=Delivery.RST if rude else Delivery.CLOSE, close_code=rule.code),
        Action.STALL: Answer(0, delivery=Delivery.STALL),
    }
    return answers.get(rule.do)


class FaultPoints:
    """The points of a request's way at which rules strike."""

    def __init__(self, venue: Venue, faults: FaultBook) -> None:
        self._venue = venue
        self._faults = faults

    async def strike(self, hook: Hook, subject: Subject) -> FaultRule | None:
        """The rule that strikes here, once its delay is over."""
        if not self._faults.listens(hook):
            return None
        rule = self._faults.strike(hook, subject, self._venue.now_ms())
        if rule and rule.delay_ms:
            await asyncio.sleep(rule.delay_ms / 1000)
            self._venue.pass_time()
        return rule

    async def engine(self, run: Callable[[], Answer], struck: FaultRule | None, trace: Trace) -> Answer:
        """Runs the work once, or twice as the rule before it says; and what strikes once it is done."""
        answer = run()
        trace.engine_calls = 1
        if struck and struck.do is Action.DUPLICATE:
            second = run()
            trace.engine_calls = 2
            answer = second if struck.answer == "second" else answer
        struck = await self.strike(Hook.AFTER_ENGINE, trace.subject)
        if struck and struck.do is Action.TRUNCATE:
            answer.delivery = Delivery.HALF_THEN_FIN
        return replacement(struck) or answer

    def in_body(self, answer: Answer, subject: Subject) -> Answer:
        """The answer as it is written."""
        if not self._faults.listens(Hook.IN_BODY):
            return answer
        rule = self._faults.strike(Hook.IN_BODY, subject, self._venue.now_ms())
        if rule is None:
            return answer
        answer.pause_s = rule.delay_ms / 1000
        if rule.do is Action.TRUNCATE:
            answer.delivery = Delivery.HALF_THEN_FIN
        elif rule.do is Action.DROP:
            answer.delivery = Delivery.HALF_THEN_RST if rule.how == "rst" else Delivery.HALF_THEN_FIN
        else:
            return replacement(rule) or answer
        return answer
