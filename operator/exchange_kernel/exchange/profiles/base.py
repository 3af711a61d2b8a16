"""What a venue profile is: the allow-list of one venue, and everything that is particular to it.

A profile is data and pure functions. It names the ccxt calls to make (`Call`), reads the venue's raw answers, and says
what each of its error codes proves (`CodeRow`). It never decides what to do, and it does no I/O: the adapter runs the
calls, `classify` applies the tables. A new venue is one new file.

What a profile does not list is denied before the wire (`VenueRules.supported`), because ccxt forwards parameters that
it does not know and a plain order goes out.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from exchange_kernel.core.venue import Balance, Market, OrderRequest, Trade, VenueOrder, VenueRules
from exchange_kernel.exchange.port import AccountIdentity


class Proof(StrEnum):
    """What a venue's error code proves about the request that it answers."""

    REFUSED = "Refused"  # judged and refused for good
    NOT_PLACED = "NotPlaced"  # stopped in front of the engine; the same request may succeed later
    DUPLICATE = "DuplicateId"  # an order with this client id exists
    NO_SUCH_ORDER = "NoSuchOrder"  # the venue does not know the order that was asked about
    AMBIGUOUS = "Ambiguous"  # the venue itself does not know; also the default for every code that is not listed


@dataclass(frozen=True, slots=True)
class CodeRow:
    """What one error code proves.

    Attributes:
        code: The venue's code as text.
        proof: What it proves.
        reason: CamelCase, fit for a condition's reason: `NotPlaced.reason` or `Refused.code`.
        text: Where set, the row holds only for messages that contain it (one code, several meanings).
    """

    code: str
    proof: Proof
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call on the ccxt instance: a unified method, or one of ccxt's generated endpoint methods.

    Attributes:
        method: Name of the ccxt method.
        args: Its positional arguments.
        expected: For orders: the parameters that must be on the wire, compared before the socket write.
    """

    method: str
    args: tuple[Any, ...] = ()
    expected: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """Request weights of the operations, in the venue's unit, and what the venue allows per minute and egress."""

    per_minute: int
    costs: Mapping[str, int] = field(default_factory=dict)
    default: int = 1

    def of(self, operation: str) -> int:
        """The weight of one operation of the port, named as its method."""
        return self.costs.get(operation, self.default)


@dataclass(frozen=True, slots=True)
class History:
    """Which orders an absence proof has to look at."""

    market_id: str
    client_order_id: str  # in the venue's wire form
    since_ms: int  # venue time
    now_ms: int  # venue time


# Runs a call and returns the raw answer; raises the port's ReadError tree. None where the venue says "no such order".
Ask = Callable[[Call], Awaitable[Any]]


class VenueProfile(ABC):
    """One venue. Instances hold no state."""

    name: ClassVar[str]  # the value of ExchangeAccount.spec.exchange
    market_type: ClassVar[str] = "Spot"
    ccxt_id: ClassVar[str]
    rules: ClassVar[VenueRules]
    codes: ClassVar[Sequence[CodeRow]]
    auth_reason: ClassVar[str] = "AuthenticationFailed"
    # Codes of limits that concern one account only; every other rate limit stops all accounts behind the same address.
    account_limit_codes: ClassVar[frozenset[str]] = frozenset()
    weights: ClassVar[Weights]
    # Parameters that ccxt adds to every signed request by itself.
    unchecked_parameters: ClassVar[frozenset[str]] = frozenset()
    # Whether requests are signed with the venue's time (else ccxt's own nonce stays).
    signs_with_time: ClassVar[bool] = True

    def row(self, code: str, message: str) -> CodeRow | None:
        """The row of the table that holds for this answer: the first whose code and text match."""
        return next((r for r in self.codes if r.code == code and r.text in message), None)

    # --- connection ---------------------------------------------------------------------------------------------

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """Ccxt's constructor arguments for this venue, without credentials."""

    @abstractmethod
    def api_urls(self, own: Mapping[str, Any], endpoint: str) -> Mapping[str, Any]:
        """The whole `urls['api']` of the ccxt instance.

        Args:
            own: ccxt's own table (the sandbox's, where that is chosen).
            endpoint: Base URL that replaces the venue's own; empty for the venue's own.

        Returns:
            The table; sections that the profile does not use are left out, so that nothing can reach them.
        """

    # --- ids ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def encode(self, client_order_id: str) -> str:
        """Canonical client order id (32 lower-case hex digits) to wire form. Raises ValueError."""

    @abstractmethod
    def decode(self, wire_id: str) -> str | None:
        """Wire form to canonical; None for an id that is not one of ours."""

    # --- calls --------------------------------------------------------------------------------------------------

    @abstractmethod
    def create(self, request: OrderRequest, market_id: str) -> Call:
        """The call that places this order. Raises ValueError for a combination that the profile does not list."""

    @abstractmethod
    def cancel(self, market_id: str, exchange_order_id: str | None, client_order_id: str) -> Call:
        """The call that cancels, by the venue's id where known."""

    @abstractmethod
    def order_by_client_id(self, market_id: str, client_order_id: str) -> Call:
        """The quick look-up."""

    @abstractmethod
    def order_by_id(self, market_id: str, exchange_order_id: str) -> Call:
        """One order by the venue's id."""

    @abstractmethod
    def open_orders(self) -> Call:
        """All open orders of the account."""

    @abstractmethod
    def trades_of_order(self, market_id: str, exchange_order_id: str) -> Call:
        """The fills of one order."""

    @abstractmethod
    def account(self) -> Call:
        """Identity, permissions and balances."""

    @abstractmethod
    def clock(self) -> Call:
        """The venue's time."""

    @abstractmethod
    def last_price(self, market_id: str) -> Call:
        """The last trade's price."""

    @abstractmethod
    def orders_in_doubt(self, ask: Ask, history: History) -> AsyncIterator[Mapping[str, Any]]:
        """Run every query that a proof of absence demands; yield each raw order that could be the one.

        When the iteration ends without an error, every query has succeeded.
        """

    # --- answers ------------------------------------------------------------------------------------------------

    @abstractmethod
    def error_of(self, body: str) -> tuple[str, str]:
        """The venue's own (code, message) of an answer; empty where the body is not the venue's."""

    @abstractmethod
    def used_weight(self, headers: Mapping[str, str]) -> int | None:
        """The weight that the venue counts against this address, from headers with lower-case names."""

    @abstractmethod
    def read_order(self, raw: Mapping[str, Any], symbol: str) -> VenueOrder:
        """A raw order. Raises KeyError, TypeError, ValueError, ArithmeticError for anything else than an order."""

    @abstractmethod
    def market_id_of(self, raw: Mapping[str, Any]) -> str:
        """The market id inside a raw order."""

    @abstractmethod
    def placed_at_ms(self, raw: Mapping[str, Any]) -> int | None:
        """When a raw order was placed, in the venue's milliseconds."""

    @abstractmethod
    def read_trades(self, raw: Any) -> tuple[Trade, ...]:  # noqa: ANN401 - the venue's JSON
        """Raw fills, oldest first. Raises as `read_order`."""

    @abstractmethod
    def read_balances(self, raw: Any) -> tuple[Balance, ...]:  # noqa: ANN401 - the venue's JSON
        """Balances from the answer to `account`. Raises as `read_order`."""

    @abstractmethod
    def read_identity(self, raw: Any) -> AccountIdentity:  # noqa: ANN401 - the venue's JSON
        """Identity from the answer to `account`; an empty id where the venue does not tell. Raises as `read_order`."""

    @abstractmethod
    def read_clock_ms(self, raw: Any) -> int:  # noqa: ANN401 - the venue's JSON
        """Milliseconds from the answer to `clock`. Raises as `read_order`."""

    @abstractmethod
    def read_price(self, raw: Any) -> Decimal:  # noqa: ANN401 - the venue's JSON
        """The price from the answer to `last_price`. Raises as `read_order`."""

    @abstractmethod
    def read_market(self, market: Mapping[str, Any]) -> Market | None:
        """A market as ccxt parsed it, with `number: str`; None for one that this profile does not trade."""
