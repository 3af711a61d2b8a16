"""The page "what does this status mean" has everything that a status can say, and says what the core decides."""

import ast
from pathlib import Path

import pytest

from exchange_kernel.api.conditions import ConditionType, find_condition
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PendingCommand
from exchange_kernel.api.guide import COMMANDS, GUIDE, RECEIPT_WORDS, STATES, Actor
from exchange_kernel.api.reasons import Reason
from exchange_kernel.controller.list_desk import PARTNER_MISSING
from exchange_kernel.core import receipts
from exchange_kernel.core.conditions import BY_REASON, FAILED
from exchange_kernel.core.decide import decide
from exchange_kernel.exchange.profiles import PROFILES
from exchange_kernel.exchange.profiles.parts import Proof
from support.decisions.columns import product, view_of

REPOSITORY = Path(__file__).parents[3]
KERNEL = REPOSITORY / "operator/exchange_kernel"
PAGE = (REPOSITORY / "docs/reasons.md").read_text(encoding="utf-8")
BY_WORD = {reason.value: reason for reason in Reason}
TELLING = {KERNEL / "api/reasons.py", KERNEL / "api/guide.py"}
TREES = [ast.parse(path.read_text(encoding="utf-8")) for path in KERNEL.rglob("*.py") if path not in TELLING]


def used() -> set[str]:
    """Names of the reasons that the operator's code mentions."""
    nodes = [node for tree in TREES for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id == "Reason"}


def words_of(call: str) -> set[str]:
    """First arguments, where written out, of calls of a name."""
    nodes = [node for tree in TREES for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    named = [node.args[0] for node in nodes if isinstance(node.func, ast.Name) and node.func.id == call]
    return {str(first.value) for first in named if isinstance(first, ast.Constant)}


def test_each_reason_is_said_somewhere_and_none_is_made_up() -> None:
    assert used() == {reason.name for reason in Reason}


def test_each_reason_state_and_command_has_its_row() -> None:
    assert set(GUIDE) == set(Reason)
    assert set(STATES) == set(State)
    assert set(COMMANDS) == set(PendingCommand)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_says_where_it_is_found_and_who_acts(reason: Reason) -> None:
    guide = GUIDE[reason]
    assert guide.states or guide.account or guide.aspect
    assert not guide.aspect or guide.aspect in set(ConditionType)
    assert f"\n### {reason}\n" in PAGE
    assert bool(reason.remedy) or guide.actors in {(Actor.NOBODY,), (Actor.OPERATOR,)}
    if guide.actors == (Actor.NOBODY,):
        assert (reason.remedy, guide.command) == ("", "")


def test_what_is_stalled_is_left_to_no_operator() -> None:
    stalled = [reason for reason, shown in BY_REASON.items() if shown == FAILED]
    assert [reason for reason in stalled if GUIDE[reason].actors[0] in {Actor.OPERATOR, Actor.NOBODY}] == []


def test_the_states_beside_a_reason_are_those_that_are_decided() -> None:
    for combination in product():
        said = decide(view_of(*combination)).status
        ready = find_condition(said.conditions, ConditionType.READY)
        if ready is None or said.state is None:
            continue
        guide = GUIDE[BY_WORD[ready.reason]]
        assert said.state in guide.states, f"{combination}: {said.state} {ready.reason}"
        assert said.pending_command in {PendingCommand.NONE, *guide.pending}, f"{combination}: {ready.reason}"


def test_the_words_of_receipts_are_explained() -> None:
    stored = {Proof.REFUSED, Proof.NOT_PLACED}
    words = {row.reason for profile in PROFILES.values() for row in profile.codes if row.proof in stored}
    words |= (
        words_of("NotPlaced") | words_of("AmendNotSent") | {"SendWindowMissed", "GateClosed", PARTNER_MISSING.reason}
    )
    words |= {receipts.INTERRUPTED_START, receipts.RECEIPT_LOST, receipts.CONFIRMED}
    words |= {receipts.AMEND_GIVEN_UP, receipts.LINEAGE_LOST}

    assert words - {reason.value for reason in Reason} - set(RECEIPT_WORDS) == set()
    assert set(RECEIPT_WORDS) & {reason.value for reason in Reason} == set()
