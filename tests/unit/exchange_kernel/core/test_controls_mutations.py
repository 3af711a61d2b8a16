"""What the owner of an account does to all orders, rule by rule left out: something must be judged otherwise."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from exchange_kernel.api.account_status import CancelAllStatus
from exchange_kernel.api.enums import HaltScope, TradingState
from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.meta import ANNOTATION_RECONCILE
from exchange_kernel.core import controls, draining, exposure, gates, requested, sent
from exchange_kernel.core.account_facts import AccountFacts, Holdings
from exchange_kernel.core.decide import decide
from exchange_kernel.core.draining import Drain
from exchange_kernel.core.exposure import Exposure
from exchange_kernel.core.gates import trading
from exchange_kernel.core.venue import Found
from exchange_kernel.core.view import View
from support.builders import CREATED, MONOTONIC, WALL, account, held, intent, order, placement, said, view
from support.decisions.amends import AMENDS
from support.decisions.cases import check_case

ID = placement().client_order_id
HALTED = account(trading_state=TradingState.HALTED)
HALTED_ALL = replace(HALTED, halt_scope=HaltScope.ALL)
SELL = {"side": "Sell", "price": "60000"}
FRESH, OLD = CREATED + timedelta(seconds=5), CREATED


def token(seconds: float = 1, *, baseline: bool = False) -> AccountFacts:
    """An account whose token was set so long after the default intent was created."""
    at = CREATED + timedelta(seconds=seconds)
    return account(cancel_all=CancelAllStatus(token="t", observed_at=at, generation=2, baseline=baseline))


def reduces(free: str, read_at: Any = FRESH) -> AccountFacts:  # noqa: ANN401 - a datetime
    """An account that takes exits alone."""
    return account(trading_state=TradingState.REDUCE_ONLY, holdings=Holdings({"BTC": Decimal(free)}, read_at))


def works(facts: AccountFacts, **changes: Any) -> View:  # noqa: ANN401 - fields of the spec and of View
    """A working order; `asked` is a value of the annotation that asks for a read, `handled` the one that was said."""
    asked, handled = changes.pop("asked", None), changes.pop("handled", None)
    times = {key: changes.pop(key) for key in ("requested_at", "answered_at") if key in changes}
    known = said(State.OPEN, client_order_id=ID, exchange_order_id="1001", last_handled_reconcile_at=handled)
    wished = intent(held=True, status=known, annotations={ANNOTATION_RECONCILE: asked} if asked else {}, **changes)
    seen = order(side=wished.spec.side, price=wished.spec.price)
    sent_so = placement(Outcome.PLACED).model_copy(update={"price": wished.spec.price})
    return view(wished, journal=held(sent_so, of=wished), observed=Found(seen), account=facts, **times)


def owner(status: dict[str, Any], **spec: Any) -> ExchangeAccount:  # noqa: ANN401 - fields of the spec
    """An ExchangeAccount as the API server has it."""
    wish = {"exchange": "binance", "credentialsSecretRef": {"name": "keys"}, **spec}
    meta = {"namespace": "trading", "name": "main", "uid": "a1", "generation": 3}
    return ExchangeAccount.from_object({"metadata": meta, "spec": wish, "status": status})


def does(one: View) -> str:
    """What is decided: actions, else whether a record permits a request, else the state and why."""
    decision = decide(one)
    if decision.record is not None:
        return "place" if decision.record.permits is not None else "record"
    return ", ".join(type(action).__name__ for action in decision.actions) or f"{decision.status.state}"


def halt(drain: Drain, **before: Any) -> str:  # noqa: ANN401 - fields of HaltStatus
    """What is said of a halt."""
    known = {"startedAt": WALL.isoformat(), **before}
    seen = owner({"observedGeneration": 2, "halt": known} if before else {}, tradingState="Halted")
    told = draining.halt(seen.spec, seen.status.halt, drain, WALL + timedelta(seconds=9))
    return f"{told.phase} {told.started_at == WALL}" if told is not None else "-"


def noted(drain: Drain, status: dict[str, Any]) -> str:
    """What is noted of a token, and whose time."""
    told = draining.cancel_all(owner(status, cancelAllToken="t"), drain, WALL + timedelta(seconds=9))
    return "-" if told is None else f"{told.token} {told.observed_at == WALL} {told.baseline} {told.pending}"


SEEN: dict[str, Any] = {"observedGeneration": 2}
NOTED = {**SEEN, "cancelAll": {"token": "t", "observedAt": WALL.isoformat(), "generation": 2, "pending": 3}}
DONE = {"phase": "Complete", "completedAt": WALL.isoformat()}
TIMED = Drain(token="t", token_at=WALL, complete=True)

JUDGEMENTS: tuple[tuple[Callable[[], str], str], ...] = (
    # Halted, and its scope.
    (lambda: does(view()), "place"),
    (lambda: does(view(account=HALTED)), "Pending"),
    (lambda: does(view(intent(**SELL), account=HALTED)), "Pending"),
    (lambda: does(works(account())), "Open"),
    (lambda: does(works(HALTED)), "Cancel, FetchOrder"),
    (lambda: does(works(HALTED, **SELL)), "Open"),
    (lambda: does(works(HALTED_ALL, **SELL)), "Cancel, FetchOrder"),
    (lambda: halt(Drain()), "Draining False"),
    (lambda: halt(Drain(complete=True)), "Complete False"),
    (lambda: halt(Drain(halting=1, complete=True), **DONE), "Draining True"),
    # cancelAllToken.
    (lambda: does(view(account=token())), "Canceled"),
    (lambda: does(works(token(), **SELL)), "Cancel, FetchOrder"),
    (lambda: does(works(token(0))), "Cancel, FetchOrder"),
    (lambda: does(works(token(-1))), "Open"),
    (lambda: does(works(token(baseline=True))), "Open"),
    (lambda: noted(TIMED, {}), "t False True 0"),
    (lambda: noted(Drain(complete=True), SEEN), "-"),
    (lambda: noted(TIMED, SEEN), "t True False 0"),
    (lambda: noted(Drain(canceling=1), NOTED), "t True False 3"),
    (lambda: noted(Drain(canceling=1, complete=True), NOTED), "t True False 1"),
    # ReduceOnly; the changes of working orders are among the amends.
    (lambda: does(view(account=reduces("1"))), "Denied"),
    (lambda: does(view(intent(**SELL), account=reduces("0.5"))), "place"),
    (lambda: does(view(intent(**SELL), account=reduces("0.4"))), "Denied"),
    (lambda: does(view(intent(**SELL), account=reduces("0.4", OLD))), "Pending"),
    (lambda: does(works(reduces("0"))), "Open"),
    # Requested reads.
    (lambda: does(works(account(), asked="now", requested_at=MONOTONIC)), "FetchOrder"),
    (lambda: does(works(account(), asked="now", requested_at=MONOTONIC, answered_at=MONOTONIC - 1)), "FetchOrder"),
    (lambda: does(works(account(), asked="now", requested_at=MONOTONIC, answered_at=MONOTONIC)), "Open"),
    (lambda: does(works(account(), asked="now", handled="now", requested_at=MONOTONIC)), "Open"),
    (lambda: does(works(account(), asked="new", handled="now", requested_at=MONOTONIC)), "FetchOrder"),
)


def is_red() -> bool:
    if [judge() for judge, _ in JUDGEMENTS] != [expected for _, expected in JUDGEMENTS]:
        return True
    try:
        for case in AMENDS:
            check_case(case)
    except AssertionError:
        return True
    return False


_halted, _canceled, _answer, _halt, _cancel_all = (
    controls.halted,
    controls.canceled_by_token,
    requested.answer,
    draining.halt,
    draining.cancel_all,
)


def _everybodys_token(wished: Any, facts: AccountFacts) -> Any:  # noqa: ANN401 - as the rule
    later = CREATED + timedelta(days=365)
    known = facts.cancel_all
    moved = known.model_copy(update={"observed_at": later}) if known is not None else None
    return _canceled(wished, replace(facts, cancel_all=moved))


def _strictly_earlier(wished: Any, facts: AccountFacts) -> Any:  # noqa: ANN401 - as the rule
    same = facts.cancel_all is not None and wished.metadata.creation_timestamp == facts.cancel_all.observed_at
    return None if same else _canceled(wished, facts)


def _any_token(wished: Any, facts: AccountFacts) -> Any:  # noqa: ANN401 - as the rule
    known = facts.cancel_all
    bare = known.model_copy(update={"baseline": False}) if known is not None else None
    return _canceled(wished, replace(facts, cancel_all=bare))


def _noted_at_once(seen: Any, drain: Drain, at: Any) -> Any:  # noqa: ANN401 - as the rule
    known = draining.is_new_token(seen) and drain.token_at is None
    return _cancel_all(seen, replace(drain, token=seen.spec.cancel_all_token, token_at=at) if known else drain, at)


def _own_time(seen: Any, drain: Drain, at: Any) -> Any:  # noqa: ANN401 - as the rule
    return _cancel_all(seen, replace(drain, token_at=at) if drain.token_at else drain, at)


def _only_entries(wished: Any, facts: AccountFacts) -> Any:  # noqa: ANN401 - as the rule
    return _halted(wished, replace(facts, halt_scope=HaltScope.EXPOSURE_INCREASING))


def _everything(wished: Any, facts: AccountFacts) -> Any:  # noqa: ANN401 - as the rule
    return _halted(wished, replace(facts, halt_scope=HaltScope.ALL))


def _complete(spec: Any, before: Any, drain: Drain, at: Any) -> Any:  # noqa: ANN401 - as the rule
    return _halt(spec, before, replace(drain, complete=True), at)


def _once_complete(spec: Any, before: Any, drain: Drain, at: Any) -> Any:  # noqa: ANN401 - as the rule
    done = before is not None and before.completed_at is not None
    return before if done else _halt(spec, before, drain, at)


MUTATIONS: dict[str, tuple[Any, str, Any]] = {
    "a halt sends": (gates, "GATES", tuple(rule for rule in gates.GATES if rule is not trading.state)),
    "a halt cancels nothing": (controls, "halted", lambda *_: None),
    "a halt cancels exits whatever its scope": (controls, "halted", _everything),
    "a halt of all keeps exits": (controls, "halted", _only_entries),
    "a halt is complete before all orders are known": (draining, "halt", _complete),
    "a halt does not drain again": (draining, "halt", _once_complete),
    "a token cancels nothing": (controls, "canceled_by_token", lambda *_: None),
    "a token cancels what comes later": (controls, "canceled_by_token", _everybodys_token),
    "a token spares its own second": (controls, "canceled_by_token", _strictly_earlier),
    "a baseline cancels": (controls, "canceled_by_token", _any_token),
    "the first token is no baseline": (draining, "is_baseline", lambda _: False),
    "every token is a baseline": (draining, "is_baseline", lambda _: True),
    "a token is noted without its time": (draining, "cancel_all", _noted_at_once),
    "a token is noted with the operators time": (draining, "cancel_all", _own_time),
    "ReduceOnly permits everything": (trading, "_exposure", lambda *_: Exposure.LOWERS),
    "ReduceOnly permits no exit": (trading, "_exposure", lambda *_: Exposure.RAISES),
    "old balances deny": (trading, "BALANCES_LAG", timedelta(days=-1)),
    "balances never deny": (trading, "BALANCES_LAG", timedelta(days=1)),
    "a change is judged as a new order": (sent, "terms_before", lambda _: None),
    "any change lowers the exposure": (trading, "exposure_of_change", lambda *_: Exposure.LOWERS),
    "no change lowers the exposure": (trading, "exposure_of_change", lambda *_: Exposure.RAISES),
    "a smaller buy may pay more": (exposure, "_pays_no_more", lambda *_: True),
    "a smaller buy must pay the same": (exposure, "_pays_no_more", lambda one, other: one.price == other.price),
    "a recorded change is judged by the spec": (sent, "terms_recorded", lambda _: None),
    "what the venue shows is not looked at": (sent, "in_place", lambda _: frozenset()),
    "a request is handled without a read": (requested, "_read", lambda _: None),
    "a read from before the request counts": (
        requested,
        "answer",
        lambda one, decided: _answer(replace(one, requested_at=float("-inf")), decided),
    ),
    "requests are ignored": (requested, "answer", lambda _, decided: decided),
    "one request is read for again and again": (
        requested,
        "answer",
        lambda one, decided: _answer(replace(one, answered_at=float("-inf")), decided),
    ),
}


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=[name.replace(" ", "-") for name in MUTATIONS])
def test_something_turns_red_when(mutation: tuple[Any, str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, replacement = mutation
    monkeypatch.setattr(module, name, replacement)

    assert is_red()


def test_without_a_mutation_nothing_is_red() -> None:
    assert not is_red()
