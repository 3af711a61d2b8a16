"""How far the controls of an account are: what its status says of a halt and of cancel-all.

The status is written before anything follows from it: a token counts for orders only once it is noted there, with the
time that separates earlier orders from later ones, so that a restart reads the same line again.
"""

from dataclasses import dataclass
from datetime import datetime

from exchange_kernel.api.account_status import CancelAllStatus, HaltStatus
from exchange_kernel.api.enums import HaltPhase, TradingState
from exchange_kernel.api.exchange_account import ExchangeAccount, ExchangeAccountSpec


@dataclass(frozen=True, slots=True)
class Drain:
    """What is known of orders that a control has withdrawn.

    Attributes:
        token: A value of cancelAllToken, read together with `token_at`.
        token_at: When the account's spec that has it was written, by the API server's record.
        halting: Orders in the scope of a halt that may work at the venue.
        canceling: Orders from before the token that have not ended.
        complete: Whether all OrderIntents of the account are known; before that no count is final.
    """

    token: str | None = None
    token_at: datetime | None = None
    halting: int = 0
    canceling: int = 0
    complete: bool = False


NOTHING_DRAINS = Drain()


def halt(spec: ExchangeAccountSpec, before: HaltStatus | None, drain: Drain, at: datetime) -> HaltStatus | None:
    """The progress of a halt; None while trading is not halted."""
    if spec.trading_state is not TradingState.HALTED:
        return None
    started = before.started_at if before is not None else at
    if drain.halting or not drain.complete:
        pending = drain.halting if drain.complete or before is None else before.pending
        return HaltStatus(phase=HaltPhase.DRAINING, started_at=started, pending=pending)
    if before is not None and before.phase is HaltPhase.COMPLETE:
        return before
    return HaltStatus(phase=HaltPhase.COMPLETE, started_at=started, completed_at=at)


def is_new_token(account: ExchangeAccount) -> bool:
    """Whether the spec has a cancelAllToken that the status does not speak of."""
    token, noted = account.spec.cancel_all_token, account.status.cancel_all
    return token is not None and (noted is None or noted.token != token)


def cancel_all(account: ExchangeAccount, drain: Drain, at: datetime) -> CancelAllStatus | None:
    """What is noted of cancelAllToken; a new one only together with its time.

    The first value on an account that no operator has ever seen is where counting begins: a manifest that is restored,
    or applied to another cluster, must not cancel the stops that are restored with it.
    """
    noted, token = account.status.cancel_all, account.spec.cancel_all_token
    if token is not None and is_new_token(account):
        generation = account.metadata.generation
        if is_baseline(account):
            return CancelAllStatus(token=token, observed_at=at, generation=generation, baseline=True)
        if drain.token != token or drain.token_at is None:
            return noted
        return CancelAllStatus(token=token, observed_at=drain.token_at, generation=generation)
    if noted is None or noted.baseline or not drain.complete or noted.pending == drain.canceling:
        return noted
    return noted.model_copy(update={"pending": drain.canceling})


def is_baseline(account: ExchangeAccount) -> bool:
    """Whether no operator has ever written a status of the account."""
    return account.status.observed_generation < 0


def line(account: ExchangeAccount) -> datetime | None:
    """The line between orders that cancel-all has withdrawn and later ones; None when there is none."""
    noted = account.status.cancel_all
    return None if noted is None or noted.baseline else noted.observed_at
