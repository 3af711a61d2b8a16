"""What the status says while the order is replaced: the old one has ended, the new one is not there yet."""

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.enums import PendingCommand
from exchange_kernel.api.enums import PlacementOutcome as Outcome
from exchange_kernel.core.decide import decide
from support import builders

OLD = builders.placement(Outcome.PLACED)


def test_an_order_whose_replacement_is_still_to_be_placed_is_not_said_to_be_open_and_in_sync() -> None:
    missed = builders.placement(Outcome.NOT_PLACED, revision=1, reason="SendWindowMissed")
    before = builders.said(State.OPEN, exchange_order_id=OLD.exchange_order_id, client_order_id=OLD.client_order_id)
    intent = builders.intent(held=True, status=before)
    decision = decide(builders.view(intent, journal=builders.held(OLD, missed)))
    assert decision.why == "look up before the next attempt"
    said = decision.status
    synced = {condition.type: (condition.status, condition.reason) for condition in said.conditions}["Synced"]
    assert (said.state, said.pending_command) == (State.PENDING, PendingCommand.AMEND)
    assert synced == ("False", "Amending")
