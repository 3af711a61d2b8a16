"""What an endpoint is, whichever transport asks for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from paper_exchange.answering import Work
from paper_exchange.binance.auth import Security
from paper_exchange.binance.errors import VenueError
from paper_exchange.binance.params import Params
from paper_exchange.commands import Command
from paper_exchange.model import ApiKey
from paper_exchange.refusals import Refusal
from paper_exchange.venue import Venue

_Expected = TypeVar("_Expected")


@dataclass(frozen=True, slots=True)
class Call:
    """One request, authenticated.

    Attributes:
        params: Its parameters.
        key: The key that signed it, None where nothing is signed.
    """

    params: Params
    key: ApiKey | None

    @property
    def account(self) -> str:
        """The caller's account, empty where nothing is signed."""
        return "" if self.key is None else self.key.account


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One thing that can be asked.

    Attributes:
        prepare: Reads and judges the parameters, and returns the work to do. Nothing has happened when it raises.
        security: What the caller must show.
        weight: What it costs, given its parameters.
        counts_order: Whether it adds to the unfilled orders of the account.
    """

    prepare: Callable[[Venue, Call], Work]
    security: Security = Security.NONE
    weight: Callable[[Params], int]
    counts_order: bool = False


def refused(refusal: Refusal) -> VenueError:
    """The engine's refusal as an answer."""
    return VenueError(refusal.code, refusal.message)


def expected(reply: object, kind: type[_Expected]) -> _Expected:
    """The engine's reply, of the kind that its command promises.

    Raises:
        TypeError: It is of another kind, which is a defect of the engine.
    """
    if not isinstance(reply, kind):
        raise TypeError(f"the engine answered {type(reply).__name__} where {kind.__name__} belongs")
    return reply


def submitted(venue: Venue, command: Command, kind: type[_Expected]) -> _Expected:
    """Carries out a command and gives its reply.

    Raises:
        VenueError: The engine refuses it.
    """
    reply = venue.submit(command)
    if isinstance(reply, Refusal):
        raise refused(reply)
    return expected(reply, kind)
