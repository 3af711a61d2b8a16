"""The decision for each recorded, observed and wish, with the reason why.

A row's `does` is the whole of what happens, the record, what runs beside it, and the actions: what it does not name
must not be decided. `says` is the state and the reason of the status, `-` where it stays as it is.
"""

import itertools

import pytest

from exchange_kernel.core.decide import decide
from exchange_kernel.core.decision import Cancel, RemoveFinalizer, Send
from support.decisions.amends import AMENDS
from support.decisions.cases import CASES, Case, check_case
from support.decisions.columns import product, view_of
from support.decisions.rows import Row, check
from support.decisions.table import ROWS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{'|'.join(row.recorded)}-{row.observed[0]}-{row.wish[0]}")
def test_each_row_is_decided_as_written(row: Row) -> None:
    check(row)


@pytest.mark.parametrize("case", [*CASES, *AMENDS], ids=lambda case: case.name.replace(" ", "-"))
def test_beside_the_table(case: Case) -> None:
    check_case(case)


def test_the_rows_cover_the_product_once() -> None:
    covered = [combination for row in ROWS for combination in row.combinations]

    assert sorted(covered) == sorted(product())


def test_a_request_leaves_in_one_column_only() -> None:
    sends = [one for one in product() if any(isinstance(act, Send) for act in decide(view_of(*one)).actions)]

    assert sends == [("pending-permit", "absent", "working"), ("pending-permit", "proven-absent", "working")]


def test_a_cancel_is_asked_of_acknowledged_orders_that_work() -> None:
    cancels = {one for one in product() if any(isinstance(act, Cancel) for act in decide(view_of(*one)).actions)}

    assert cancels == set(itertools.product(("placed", "closed"), ("working", "partly"), ("canceled", "deleting")))


def test_no_finalizer_goes_before_an_end_is_noted_in_the_receipt() -> None:
    freed = [one for one in product() if any(isinstance(act, RemoveFinalizer) for act in decide(view_of(*one)).actions)]

    assert freed == []
