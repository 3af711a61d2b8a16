"""The fault rules in force, and what they did.

Matching is pure, and chance is a hash of (seed, rule, number of the match): a run with the same seed and the same
requests injects the same faults, whatever else happens in between. Each injected fault is recorded with a sequence
number.
"""

import hashlib
import logging
from collections import deque
from dataclasses import dataclass

from paper_exchange.fault_rules import Action, FaultRule, Hook, Subject

_logger = logging.getLogger("paper_exchange.faults")


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault that was injected.

    Attributes:
        sequence: Counts injections from 1.
        rule_id: The rule that struck.
        time_ms: Venue time.
        hook: Where.
        do: What.
        subject: To whom.
    """

    sequence: int
    rule_id: str
    time_ms: int
    hook: Hook
    do: Action
    subject: Subject


def chance(seed: int, rule_id: str, match_number: int) -> float:
    """A number in [0, 1) that depends on nothing but its arguments."""
    digest = hashlib.blake2b(f"{seed}/{rule_id}/{match_number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def strikes(rule: FaultRule, rule_id: str, *, seed: int, match_number: int, struck: int) -> bool:
    """Whether a rule strikes at its `match_number`th match (from 1), having struck `struck` times before."""
    if rule.count is not None and struck >= rule.count:
        return False
    if rule.nth is not None and match_number != rule.nth:
        return False
    return rule.probability >= 1 or chance(seed, rule_id, match_number) < rule.probability


@dataclass(slots=True)
class _Active:
    rule: FaultRule
    matches: int = 0
    struck: int = 0


class FaultBook:
    """The rules in force, with their counters and the log of what they did."""

    def __init__(self, seed: int = 0, log_size: int = 10_000) -> None:
        self.seed = seed
        self._active: dict[str, _Active] = {}
        self._at: dict[Hook, tuple[tuple[str, _Active], ...]] = {}
        self._log: deque[Injection] = deque(maxlen=log_size)
        self._made = 0
        self._sequence = 0

    def add(self, rule: FaultRule, rule_id: str | None = None) -> str:
        """Puts a rule in force, after those that are; returns its id. A used id replaces that rule."""
        self._made += 1
        chosen = rule_id or f"rule-{self._made}"
        self._active[chosen] = _Active(rule)
        self._index()
        return chosen

    def remove(self, rule_id: str) -> bool:
        """Takes a rule out of force; False when there is none of this id."""
        found = self._active.pop(rule_id, None) is not None
        self._index()
        return found

    def clear(self) -> None:
        """Takes all rules out of force. The log stays."""
        self._active.clear()
        self._index()

    def rules(self) -> dict[str, tuple[FaultRule, int, int]]:
        """The rules by id, each with the number of its matches and of its strikes."""
        return {rule_id: (active.rule, active.matches, active.struck) for rule_id, active in self._active.items()}

    @property
    def injections(self) -> tuple[Injection, ...]:
        """What was injected, oldest first; only the newest 10000 are kept."""
        return tuple(self._log)

    def listens(self, hook: Hook) -> bool:
        """Whether any rule is in force at a hook: lets the way without rules cost nothing."""
        return hook in self._at

    def strike(self, hook: Hook, subject: Subject, now_ms: int) -> FaultRule | None:
        """Counts a match with every rule at the hook and returns the first one that strikes, recorded."""
        chosen: FaultRule | None = None
        for rule_id, active in self._at.get(hook, ()):
            if not active.rule.match.covers(subject):
                continue
            active.matches += 1
            hit = strikes(active.rule, rule_id, seed=self.seed, match_number=active.matches, struck=active.struck)
            if hit and chosen is None:
                chosen = active.rule
                active.struck += 1
                self._record(rule_id, active.rule, hook, subject, now_ms)
        return chosen

    def _record(self, rule_id: str, rule: FaultRule, hook: Hook, subject: Subject, now_ms: int) -> None:
        self._sequence += 1
        self._log.append(Injection(self._sequence, rule_id, now_ms, hook, rule.do, subject))
        _logger.info(
            "fault %d: %s %s at %s, %s %s %s",
            self._sequence,
            rule_id,
            rule.do,
            hook,
            subject.method,
            subject.path,
            subject.client_order_id,
        )

    def _index(self) -> None:
        hooks = {active.rule.at for active in self._active.values()}
        self._at = {
            hook: tuple((rule_id, active) for rule_id, active in self._active.items() if active.rule.at is hook)
            for hook in hooks
        }
