from decimal import Decimal

from exchange_kernel.api.enums import OrderStateName, Side
from exchange_kernel.client.models import OrderState
from strategies.grid import Grid, wanted

GRID = Grid("grid", "BTC/USDT", Decimal("0.01"), (Decimal(50000), Decimal(52000), Decimal(54000)))


def state(name: str, said: OrderStateName, side: Side = Side.BUY, *, settled: bool = True) -> OrderState:
    return OrderState(
        intent_id=name,
        symbol_id="BTC/USDT",
        side=side,
        state=said,
        filled_quantity="0.01" if said is OrderStateName.FILLED else "0",
        fees={"BTC": "0.00001"} if side is Side.BUY else {"USDT": "0.5"},
        settled=settled,
        generation=1,
        observed_generation=1,
    )


def test_an_empty_grid_buys_at_each_line_but_the_highest() -> None:
    assert [(order.intent_id, order.side, order.price) for _, order in wanted(GRID, [])] == [
        ("grid-0-0", Side.BUY, Decimal(50000)),
        ("grid-1-0", Side.BUY, Decimal(52000)),
    ]


def test_what_was_bought_is_sold_one_line_higher_without_its_fee() -> None:
    orders = [state("grid-0-0", OrderStateName.FILLED), state("grid-1-0", OrderStateName.OPEN)]
    ((_, order),) = wanted(GRID, orders)
    assert (order.intent_id, order.side, order.price, order.quantity) == (
        "grid-0-1",
        Side.SELL,
        Decimal(52000),
        Decimal("0.00999"),
    )


def test_what_was_sold_is_bought_again_whatever_the_order_of_the_list() -> None:
    orders = [
        state("grid-0-1", OrderStateName.FILLED, Side.SELL),
        state("grid-0-0", OrderStateName.FILLED),
        state("grid-1-0", OrderStateName.OPEN),
    ]
    assert [order.intent_id for _, order in wanted(GRID, orders)] == ["grid-0-2"]


def test_a_fill_whose_fee_is_not_known_yet_is_waited_for() -> None:
    orders = [state("grid-0-0", OrderStateName.FILLED, settled=False), state("grid-1-0", OrderStateName.OPEN)]
    assert wanted(GRID, orders) == []


def test_a_cell_whose_order_ended_otherwise_or_is_unknown_rests() -> None:
    orders = [state("grid-0-0", OrderStateName.REJECTED), state("grid-1-0", OrderStateName.UNKNOWN)]
    assert wanted(GRID, orders) == []


def test_orders_of_other_names_are_left_alone() -> None:
    orders = [state("grid2-0-0", OrderStateName.OPEN), state("grid-x-0", OrderStateName.OPEN)]
    assert [order.intent_id for _, order in wanted(GRID, orders)] == ["grid-0-0", "grid-1-0"]
