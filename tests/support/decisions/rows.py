"""How a decision is written down in one line, and how it is compared."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from exchange_kernel.api.conditions import ConditionType, find_condition
from exchange_kernel.core import receipts
from exchange_kernel.core.decide import decide
from exchange_kernel.core.decision import Action, CreateReceipt, Decision, LookUp
from exchange_kernel.core.market_rules import ZERO, shown
from exchange_kernel.core.view import View
from support.decisions.columns import view_of


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: for each combination of the first three, this is decided, for this reason."""

    recorded: tuple[str, ...]
    observed: tuple[str, ...]
    wish: tuple[str, ...]
    does: str
    says: str
    reason: str

    @property
    def combinations(self) -> Iterator[tuple[str, str, str]]:
        """What the row stands for."""
        return itertools.product(self.recorded, self.observed, self.wish)


def does(decision: Decision) -> str:
    """The record, then the actions; `rest` for neither.

    Of the record: the latest placement's outcome and attempt; of a replacement also its revision, the amend's phase
    and the quantity that may be sent.
    """
    parts = [_record(decision)] if decision.record is not None else []
    parts += [f"beside {_action(action)}" for action in decision.beside]
    parts += [_action(action) for action in decision.actions]
    return ", ".join(parts) or "rest"


def _record(decision: Decision) -> str:
    record = decision.record
    assert record is not None
    latest = receipts.latest(record.receipt)
    word = "create" if isinstance(record, CreateReceipt) else "write"
    text = f"{word} {latest.outcome}/{latest.attempt}"
    if latest.revision:
        text += f" of {latest.revision}"
    if record.receipt.amend is not None:
        text += f" {record.receipt.amend.phase}"
    if record.receipt.final is not None:
        text += f" final {record.receipt.final.state}"
    if record.receipt.intent_deleted_at is not None:
        text += " gone"
    if record.permits:
        text += " permit" if not latest.revision else f" permit {shown(latest.quantity or ZERO)}"
    return text


def _action(action: Action) -> str:
    name = type(action).__name__
    return "LookUp all" if isinstance(action, LookUp) and action.prove_since is not None else name


def says(view: View, decision: Decision) -> str:
    """State and reason of the status, `-` where it is left as it was."""
    if decision.status == view.intent.status:
        return "-"
    ready = find_condition(decision.status.conditions, ConditionType.READY)
    return f"{decision.status.state} {ready.reason if ready else ''}"


def check(row: Row) -> None:
    """Judge each view of the row and compare what is recorded, done and said; nothing else may happen."""
    for combination in row.combinations:
        view = view_of(*combination)
        decision = decide(view)
        decided = (does(decision), says(view, decision))
        assert decided == (row.does, row.says), f"{combination}: {row.reason} (decided: {decision.why})"
