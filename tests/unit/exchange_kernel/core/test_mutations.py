"""Each step of the protocol, left out: the decisions or the simulation must turn red.

A mutation that nothing notices is a step that nothing guards.
"""

from collections.abc import Iterator

import pytest

from support.decisions.amends import AMENDS
from support.decisions.cases import CASES, check_case
from support.decisions.rows import check
from support.decisions.table import ROWS
from support.simulation.mutations import MUTATIONS, Mutation
from support.simulation.operator_shell import OperatorShell
from support.simulation.run import simulate

# Tried when the named worlds do not show the mutation any more, because the core draws other chances now.
MORE_WORLDS = range(400)


def _decisions_are_red() -> bool:
    try:
        for row in ROWS:
            check(row)
        for case in (*CASES, *AMENDS):
            check_case(case)
    except AssertionError:
        return True
    return False


def _worlds(mutation: Mutation) -> Iterator[int]:
    yield from mutation.worlds
    yield from MORE_WORLDS


def _a_world_is_red(mutation: Mutation, shell: type[OperatorShell]) -> bool:
    for seed in _worlds(mutation):
        try:
            simulate(seed, mutation.plan, shell)
        except AssertionError:
            return True
    return False


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_the_suite_turns_red_when(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = mutation.apply(monkeypatch)

    assert _a_world_is_red(mutation, shell) if mutation.worlds else _decisions_are_red()


def test_without_a_mutation_the_decisions_are_green() -> None:
    assert not _decisions_are_red()
