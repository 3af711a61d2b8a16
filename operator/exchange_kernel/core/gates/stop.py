"""What a rule answers when it objects."""

from collections.abc import Callable
from dataclasses import dataclass

from exchange_kernel.api.enums import OrderStateName as State
from exchange_kernel.api.reasons import Reason
from exchange_kernel.core.decision import ReadPrice
from exchange_kernel.core.view import View


@dataclass(frozen=True, slots=True)
class Stop:
    """Why an order is not sent now.

    Attributes:
        state: Denied, Canceled, Expired or Pending.
        reason: CamelCase.
        message: For the user; says what to do.
        wait: Seconds after which it is worth asking again, for Pending that ends by itself.
        ask: What has to be read before the rule can be judged at all.
    """

    state: State
    reason: str
    message: str
    wait: float | None = None
    ask: ReadPrice | None = None


Rule = Callable[[View], Stop | None]


def wait(reason: Reason, message: str, seconds: float | None = None) -> Stop:
    """The order waits."""
    return Stop(State.PENDING, reason, message, seconds)


def deny(reason: str, message: str) -> Stop:
    """The spec is refused until it is edited."""
    return Stop(State.DENIED, reason, message)
