"""What a profile does not list never reaches the wire, and what it lists reaches it exactly as the table says.

Every order that the API can describe (17,920 combinations) goes through the adapter and real ccxt to a server that
writes down what arrives. The tables are `wire/<exchange>.yaml`. After a change that is meant,
`python -m contract.exchange.test_never_fails_open` (in `tests/`) writes them anew: read the difference.
"""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.exchange.wire_combinations import (
    CLIENT_ID,
    PRICE,
    QUANTITY,
    QUOTE,
    TRIGGER,
    Seen,
    capture,
    name_of,
    parameters,
    row_of,
)
from contract.exchange.wire_subjects import SUBJECTS, WireSubject
from exchange_kernel.core.outcomes import Refused
from exchange_kernel.exchange.profiles import profile_of

TABLES = Path(__file__).parent / "wire"


@pytest.fixture(scope="module", params=SUBJECTS, ids=lambda subject: subject.exchange)
def subject(request: pytest.FixtureRequest) -> WireSubject:
    """Every venue in turn."""
    found: WireSubject = request.param
    return found


@pytest.fixture(scope="module")
def seen(subject: WireSubject) -> list[Seen]:
    """What became of every combination at this venue."""
    return asyncio.run(capture(subject))


def sent(seen: list[Seen]) -> list[Seen]:
    return [one for one in seen if one.requests]


def test_a_combination_goes_out_once_or_is_refused_before_the_wire(seen: list[Seen]) -> None:
    assert [name_of(one.order) for one in seen if len(one.requests) > 1] == []
    held = [one for one in seen if not one.requests]
    assert [name_of(one.order) for one in held if not isinstance(one.outcome, Refused)] == []
    assert len(held) > len(seen) * 0.99


def test_nothing_goes_out_that_the_rules_do_not_list(subject: WireSubject, seen: list[Seen]) -> None:
    rules = profile_of(subject.exchange).rules
    for one in sent(seen):
        order = one.order
        assert (order.type, order.time_in_force, order.post_only, order.reduce_only) in rules.supported, name_of(order)
        if order.quote_quantity is not None:
            assert rules.quote_market_buy
        if order.trailing is not None:
            assert order.trailing.offset_type in rules.trailing_offsets
            assert order.trailing.activation_price is None or rules.trailing_activation


def test_everything_goes_out_that_the_rules_list(subject: WireSubject, seen: list[Seen]) -> None:
    rules = profile_of(subject.exchange).rules
    out = {
        (o.order.side, o.order.type, o.order.time_in_force, o.order.post_only, o.order.reduce_only) for o in sent(seen)
    }

    assert out == {(side, *row) for side in ("Buy", "Sell") for row in rules.supported}


def test_no_triggered_order_turns_into_a_plain_one(subject: WireSubject, seen: list[Seen]) -> None:
    for one in sent(seen):
        plain = subject.is_plain(parameters(one.requests[0]))
        assert plain == (one.order.type in {"Market", "Limit"}), name_of(one.order)


def test_each_number_of_an_order_is_on_the_wire_and_no_other(subject: WireSubject, seen: list[Seen]) -> None:
    """By value: a price that a venue does not take for this type must not get there either."""
    for one in sent(seen):
        order = one.order
        numbers = {_number(value) for value in parameters(one.requests[0]).values()}
        asked = {
            QUANTITY: order.quantity,
            QUOTE: order.quote_quantity,
            PRICE: order.price,
            TRIGGER: order.trigger_price,
        }
        for number, value in asked.items():
            assert (number in numbers) == (value is not None), (name_of(order), number)
        if order.trailing is not None and order.trailing.activation_price is not None:
            assert order.trailing.activation_price in numbers, name_of(order)
        if order.trailing is not None:
            assert numbers & {order.trailing.offset, order.trailing.offset * 100, order.trailing.offset / 100}


def test_the_client_order_id_is_ours(subject: WireSubject, seen: list[Seen]) -> None:
    encoded = profile_of(subject.exchange).encode(CLIENT_ID)
    assert [name_of(one.order) for one in sent(seen) if encoded not in parameters(one.requests[0]).values()] == []


def test_the_requests_are_those_of_the_table(subject: WireSubject, seen: list[Seen]) -> None:
    table = yaml.safe_load((TABLES / f"{subject.exchange}.yaml").read_text())

    assert _table(subject, seen) == table


def _table(subject: WireSubject, seen: list[Seen]) -> dict[str, Any]:
    return {name_of(one.order): row_of(subject, one.requests[0]) for one in sent(seen)}


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.strip("+%"))
    except ArithmeticError:
        return None


if __name__ == "__main__":
    TABLES.mkdir(exist_ok=True)
    for each in SUBJECTS:
        found = _table(each, asyncio.run(capture(each)))
        (TABLES / f"{each.exchange}.yaml").write_text(yaml.safe_dump(found, sort_keys=False, width=120))
