import pytest

from paper_exchange.ledger import Ledger, LedgerError
from paper_exchange.model import Balance


def funded() -> Ledger:
    ledger = Ledger()
    ledger.deposit("alice", "BTC", 100)
    ledger.deposit("bob", "BTC", 50)
    return ledger


def test_locking_moves_from_free_to_locked() -> None:
    ledger = funded()
    ledger.lock("alice", "BTC", 30)

    assert ledger.balance("alice", "BTC") == Balance(70, 30)
    assert not list(ledger.audit())


def test_more_than_the_free_balance_cannot_be_locked() -> None:
    with pytest.raises(LedgerError):
        funded().lock("alice", "BTC", 101)


def test_a_payment_takes_what_the_release_leaves() -> None:
    ledger = funded()
    ledger.lock("alice", "BTC", 30)
    ledger.spend("alice", "BTC", released=30, paid=20)
    ledger.receive("bob", "BTC", 20)

    assert ledger.balance("alice", "BTC") == Balance(80, 0)
    assert not list(ledger.audit())


def test_nobody_pays_what_is_not_there() -> None:
    with pytest.raises(LedgerError):
        funded().spend("bob", "BTC", released=0, paid=51)


def test_nothing_is_released_that_was_not_locked() -> None:
    with pytest.raises(LedgerError):
        funded().spend("bob", "BTC", released=1, paid=0)


def test_money_from_nowhere_fails_the_audit() -> None:
    ledger = funded()
    ledger.receive("alice", "BTC", 1)

    assert list(ledger.audit()) == ["all accounts hold 151 BTC, the supply is 150"]


def test_a_withdrawal_shrinks_the_supply() -> None:
    ledger = funded()
    ledger.withdraw("alice", "BTC", 100)

    assert ledger.supply("BTC") == 50
    assert not list(ledger.audit())


def test_touched_balances_are_told_once_in_the_order_of_booking() -> None:
    ledger = funded()
    ledger.deposit("alice", "ETH", 1)

    assert ledger.take_touched() == {"alice": ["BTC", "ETH"], "bob": ["BTC"]}
    assert ledger.take_touched() == {}


def test_a_dumped_ledger_loads_the_same() -> None:
    ledger = funded()
    ledger.lock("alice", "BTC", 30)

    assert Ledger.load(ledger.dump()).dump() == ledger.dump()  # type: ignore[arg-type]
