"""What goes on the wire is what the receipt says."""

from datetime import UTC, datetime
from decimal import Decimal

from exchange_kernel.core import receipts
from exchange_kernel.core.decide import decide
from exchange_kernel.core.decision import Send
from exchange_kernel.core.gates import terms_of
from exchange_kernel.core.identity import identity_of
from exchange_kernel.core.market_rules import Terms
from exchange_kernel.core.requests import TrailingOffset
from exchange_kernel.core.venue import Absent
from exchange_kernel.core.view import Permit
from support.builders import MONOTONIC, S, account, held, intent, permit, placement, price, view, writer


def test_a_trailing_stop_is_sent_exactly_as_it_was_recorded() -> None:
    trailing = {"offset": "1.001", "offsetType": "Percent", "activationPrice": "60000.001"}
    wished = intent(
        held=True,
        type="TrailingStopMarket",
        side="Sell",
        price=None,
        trailing=trailing,
        roundingPolicy="Conservative",
    )
    terms = terms_of(view(wished))
    assert isinstance(terms, Terms)
    recorded = receipts.pending(identity_of(wished), 1, terms, writer())
    asked = view(
        wished,
        journal=held(recorded, of=wished),
        account=account(prices=price("50000")),
        permit=Permit(recorded.client_order_id, MONOTONIC, S),
        observed=Absent(MONOTONIC + 0.01, complete=False),
    )

    decision = decide(asked)

    (send,) = decision.actions
    assert isinstance(send, Send), decision.why
    assert send.request.trailing == TrailingOffset(Decimal("1.01"), "Percent", Decimal("60000.01"))
    assert (recorded.trailing_offset, recorded.activation_price) == (Decimal("1.01"), Decimal("60000.01"))


def test_a_gtd_order_is_sent_with_its_end() -> None:
    wished = intent(held=True, timeInForce="GTD", expireAt="2031-01-01T00:00:00Z")
    asked = view(
        wished,
        journal=held(placement(), of=wished),
        permit=permit(),
        observed=Absent(MONOTONIC, complete=False),
    )

    (send,) = decide(asked).actions

    assert isinstance(send, Send)
    assert (send.request.time_in_force, send.request.expire_at) == ("GTD", datetime(2031, 1, 1, tzinfo=UTC))
