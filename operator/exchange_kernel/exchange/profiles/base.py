"""What a venue profile is: the allow-list of one venue, and everything that is particular to it.

A profile is data and functions without state. It says

* what goes on the wire for an order (`create`, `amend`): one call each, compared before the socket write, sent once;
* which questions answer a question of the port (`find_by_id`, `open_orders`, ...): coroutines over `Ask`, because one
  venue tells in one answer what another has on several pages and endpoints;
* what each error code proves (`CodeRow`).

It never decides what to do, and it does no I/O of its own: the adapter runs the calls, `classify` applies the tables. A
new venue is one new file (or one and its tables), and one line in `profiles/__init__.py`.

What a profile does not list is denied before the wire (`VenueRules.supported`), because ccxt forwards parameters that
it does not know and a plain order goes out.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from exchange_kernel.core.requests import AmendRequest, ListRequest, OrderRequest
from exchange_kernel.core.venue import Balance, Trade, VenueOrder
from exchange_kernel.core.venue_rules import Market, VenueRules
from exchange_kernel.exchange.port import AccountIdentity, ReadError
from exchange_kernel.exchange.profiles.canonical import canonical, is_canonical
from exchange_kernel.exchange.profiles.parts import Ask, Call, CodeRow, History, OrderKey, Row, StreamSignal, Weights


class VenueProfile(ABC):
    """One venue. Instances hold no state.

    Readers and the coroutines of this class raise KeyError, TypeError, ValueError, ArithmeticError or AttributeError
    for an answer that is not what it should be; the adapter makes a `ReadError` of it.
    """

    name: ClassVar[str]  # the value of ExchangeAccount.spec.exchange
    market_type: ClassVar[str] = "Spot"
    ccxt_id: ClassVar[str]
    rules: ClassVar[VenueRules]
    codes: ClassVar[Sequence[CodeRow]]
    # Codes of limits that concern one account only; every other rate limit stops all accounts behind the same address.
    account_limit_codes: ClassVar[frozenset[str]] = frozenset()
    weights: ClassVar[Weights]
    # Parameters that ccxt adds to every signed request by itself.
    unchecked_parameters: ClassVar[frozenset[str]] = frozenset()
    # The ccxt.pro call that subscribes to the account's order events; None: this profile has no stream, polls do alone.
    stream: ClassVar[Call | None] = None
    # Whether requests are signed with the venue's time (else ccxt's own nonce stays).
    signs_with_time: ClassVar[bool] = True
    # Whether the venue refuses a nonce that is not above the last one: then signed requests go one after another.
    rising_nonce: ClassVar[bool] = False
    # Whether an answer below 400 may hold an error: then `error_of` is asked about every answer.
    errors_inside_answers: ClassVar[bool] = False

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

    def stream_urls(self, own: Mapping[str, Any], endpoint: str) -> Mapping[str, Any]:
        """The `urls['api']['ws']` of the stream's ccxt instance; see `api_urls`. Only asked where there is a stream."""
        del own, endpoint
        return {}

    def read_stream(self, message: Any) -> StreamSignal | None:  # noqa: ANN401 - the venue's JSON
        """What a message of the stream says; None for one that says nothing of orders. Raises as `read_order`.

        A `Hint` has the market id as its symbol and the wire form of the client order id.
        """
        del message
        return None

    # --- ids ----------------------------------------------------------------------------------------------------

    # As it is, unless a venue wants another form: a profile says where its venue documents that 32 letters and digits
    # fit.

    def encode(self, client_order_id: str) -> str:
        """Canonical client order id (32 lower-case hex digits) to wire form. Raises ValueError."""
        return canonical(client_order_id)

    def decode(self, wire_id: str) -> str | None:
        """Wire form to canonical; None for an id that is not one of ours."""
        return wire_id if is_canonical(wire_id) else None

    def market_names(self, market: Mapping[str, Any]) -> Sequence[str]:
        """Every name by which the venue's answers may call this market (as ccxt parsed it), its id first."""
        return (str(market["id"]),)

    # --- writes: one call each, sent once ------------------------------------------------------------------------

    @abstractmethod
    def create(self, request: OrderRequest, market_id: str) -> Call:
        """The call that places this order. Raises ValueError for a combination that the profile does not list."""

    def created(self, raw: Any, request: OrderRequest, market_id: str) -> VenueOrder:  # noqa: ANN401 - the venue's JSON
        """The order that the answer to `create` acknowledges.

        A venue that answers with ids alone acknowledges an order without fills; what it does not echo is taken from
        the request. Raises for an answer that acknowledges no order, or another one.
        """
        if self.market_id_of(raw) != market_id:
            raise ValueError("the answer names another market")
        return self.read_order(raw, request.symbol)

    def amend(self, request: AmendRequest, market_id: str) -> Call:
        """The call that changes a working order in place. Raises ValueError for what `rules.amends` does not list."""
        raise ValueError(f"the {self.name} profile changes no {request.type} order on {market_id} in place")

    def amended(self, raw: Any, request: AmendRequest, market_id: str) -> VenueOrder | None:  # noqa: ANN401 - the venue's JSON
        """What the answer to `amend` tells of the order; None where it only acknowledges.

        Raises for an answer that acknowledges nothing.
        """
        raise ValueError(f"the {self.name} profile reads no amends ({request.symbol}, {market_id}, {type(raw)})")

    def create_list(self, request: ListRequest, market_id: str) -> Call:
        """The call that places orders which the venue ties together. Raises ValueError for what is not listed."""
        raise ValueError(f"the {self.name} profile sends no lists ({request.stop.type}, {market_id})")

    def list_created(self, raw: Any, request: ListRequest, market_id: str) -> tuple[VenueOrder, ...]:  # noqa: ANN401 - the venue's JSON
        """What the answer to `create_list` acknowledges, as `request.orders`. Raises for any other answer."""
        raise ValueError(f"the {self.name} profile reads no lists ({request.stop.type}, {market_id}, {type(raw)})")

    async def orders_of_list(self, ask: Ask, key: OrderKey) -> Sequence[str]:
        """The venue's ids of the orders of the list `key.client_order_id`; empty where the venue has no such list."""
        del ask
        raise ReadError(f"the {self.name} profile knows no lists, and so not {key.client_order_id}")

    # --- questions: as many calls as it takes --------------------------------------------------------------------

    @abstractmethod
    async def cancel(self, ask: Ask, key: OrderKey) -> bool:
        """Ask for a cancel, by the venue's id where known.

        Returns:
            True when the venue acknowledged it for this order, False when it knows no such working order.
        """

    async def find_by_client_id(self, ask: Ask, key: OrderKey) -> Row | None:
        """The latest order under `key.client_order_id`; None where the venue has none.

        The default is for venues without such a look-up (`rules.look_up` is False).
        """
        del ask
        raise ReadError(f"{self.name} cannot look up {key.client_order_id} by client order id")

    @abstractmethod
    async def find_by_id(self, ask: Ask, key: OrderKey) -> Row | None:
        """The order `key.exchange_order_id`; None where the venue does not know it."""

    @abstractmethod
    def open_orders(self, ask: Ask) -> AsyncIterator[Row]:
        """All open orders of the account, untriggered ones included.

        When the iteration ends without an error, nothing is missing; a page limit that was hit is a ReadError.
        """

    @abstractmethod
    async def trades(self, ask: Ask, key: OrderKey) -> tuple[Trade, ...]:
        """All fills of the order `key.exchange_order_id`, oldest first."""

    @abstractmethod
    async def identify(self, ask: Ask) -> AccountIdentity:
        """Identity and permissions; an empty id where the venue does not tell."""

    @abstractmethod
    async def balances(self, ask: Ask) -> tuple[Balance, ...]:
        """All assets with a total above zero, by ccxt's currency codes."""

    @abstractmethod
    async def clock_ms(self, ask: Ask) -> int:
        """The venue's time in milliseconds."""

    @abstractmethod
    async def last_price(self, ask: Ask, market_id: str) -> Decimal:
        """The last trade's price."""

    @abstractmethod
    def orders_in_doubt(self, ask: Ask, history: History) -> AsyncIterator[Row]:
        """Run every query that a proof of absence demands; yield each raw order that could be the one.

        When the iteration ends without an error, every query has succeeded.
        """

    # --- answers ------------------------------------------------------------------------------------------------

    @abstractmethod
    def error_of(self, body: str) -> tuple[str, str]:
        """The venue's own (code, message) of an answer; empty where the body is not the venue's, or no error.

        With `errors_inside_answers` it is asked about every answer: it has to be cheap for long ones without error.
        """

    def used_weight(self, headers: Mapping[str, str]) -> int | None:
        """The weight that the venue counts in its running minute, from headers with lower-case names, if told."""
        del headers
        return None

    @abstractmethod
    def read_order(self, raw: Row, symbol: str) -> VenueOrder:
        """A raw order. `exchange_order_id` may describe itself (`algo:123`) where the venue has several kinds."""

    @abstractmethod
    def market_id_of(self, raw: Row) -> str:
        """The market's name inside a raw order: one of `market_names`."""

    @abstractmethod
    def placed_at_ms(self, raw: Row) -> int | None:
        """When a raw order was placed, in the venue's milliseconds."""

    @abstractmethod
    def read_market(self, market: Mapping[str, Any]) -> Market | None:
        """A market as ccxt parsed it, with `number: str`; None for one that this profile does not trade."""
