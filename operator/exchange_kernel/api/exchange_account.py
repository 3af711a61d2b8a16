"""ExchangeAccount: one account at one exchange, and what may be done with it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from exchange_kernel.api.account_status import ExchangeAccountStatus
from exchange_kernel.api.base import IMMUTABLE, Model, Rule
from exchange_kernel.api.enums import (
    AmendPolicy,
    HaltScope,
    MarketsMode,
    MarketType,
    NamespacesFrom,
    RoundingPolicy,
    TradingState,
)
from exchange_kernel.api.lists import UNIQUE, map_list
from exchange_kernel.api.meta import Column, KindInfo, KubeObject
from exchange_kernel.api.order_intent import DEFAULT_STARTING_DEADLINE_SECONDS
from exchange_kernel.api.scalars import (
    Currency,
    Flag,
    Label,
    Name,
    PositiveDecimal,
    RateLimitFactor,
    ShortText,
    Symbol,
    Whole,
)

# No user:password@ part: a credential in a URL would end up in logs and in `kubectl get -o yaml`.
ENDPOINT_PATTERN = r"^https?://([A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:]{2,39}\])(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]{0,200})?$"


class SecretRef(Model):
    """Names a Secret of the account's own namespace."""

    name: Name
    """Name of the Secret; its type is exchangekernel.dev/credentials, its keys are apiKey, secret and, where the venue
    has them, password and uid."""


class NotionalLimit(Model):
    """The largest order in one quote currency."""

    currency: Currency
    """Quote currency that the limit counts in."""

    per_order: PositiveDecimal
    """Largest quantity times price of one order, in that currency."""


class Limits(Model):
    """Limits that bind orders which increase exposure; exits are never held up by them."""

    max_notional: Annotated[
        tuple[NotionalLimit, ...],
        Field(max_length=64),
        map_list("currency"),
    ] = ()
    """Largest order, by quote currency. Empty: no limit. Otherwise orders in other quote currencies are Denied."""

    max_open_orders: Annotated[Whole, Field(ge=1, le=100_000)] | None = None
    """Largest number of working orders of this account. Left out: no limit but the venue's."""

    allowed_symbols: Annotated[tuple[Symbol, ...], Field(max_length=500), UNIQUE] = ()
    """Symbols that may be traded, in ccxt's unified form. Empty: all."""

    price_collar_percent: PositiveDecimal | None = None
    """How much worse than the market a limit price may be, in percent. Left out: no collar."""


class NamespaceSelector(Model):
    """Chooses namespaces by their labels."""

    match_labels: Annotated[
        Mapping[str, Annotated[str, StringConstraints(max_length=63)]],
        Field(max_length=16, min_length=1),
    ]
    """All of these labels must be on the namespace."""


class AllowedNamespaces(Model):
    """From which namespaces OrderIntents may use the account."""

    RULES = (
        Rule[Any](
            cel="(has(self.names) && size(self.names) > 0) == (self.from == 'Names')",
            message="allowedNamespaces.names goes with from: Names: write both or neither",
            holds=lambda a: bool(a.names) == (a.from_ is NamespacesFrom.NAMES),
        ),
        Rule[Any](
            cel="has(self.selector) == (self.from == 'Selector')",
            message="allowedNamespaces.selector goes with from: Selector: write both or neither",
            holds=lambda a: (a.selector is not None) == (a.from_ is NamespacesFrom.SELECTOR),
        ),
    )

    from_: Annotated[NamespacesFrom, Field(alias="from")] = NamespacesFrom.SAME
    """Same: the account's own namespace only. Names: those in names. Selector: those that selector matches."""

    names: Annotated[tuple[Label, ...], Field(max_length=100), UNIQUE] = ()
    """Names of namespaces; with from: Names."""

    selector: NamespaceSelector | None = None
    """Labels of namespaces; with from: Selector."""


class PublishedMarkets(Model):
    """Which markets are published as ExchangeMarket and ExchangeAsset objects. Trading does not depend on it."""

    mode: MarketsMode = MarketsMode.SELECTED
    """Selected: those in symbols and quotes; with both empty, none. All: every market of the account's type, which can
    be thousands of objects."""

    symbols: Annotated[tuple[Symbol, ...], Field(max_length=1000), UNIQUE] = ()
    """Symbols to publish, in ccxt's unified form."""

    quotes: Annotated[tuple[Currency, ...], Field(max_length=100), UNIQUE] = ()
    """Quote currencies whose markets are published."""


class OrderDefaults(Model):
    """What holds for orders of the account that do not say it themselves."""

    amend_policy: AmendPolicy = AmendPolicy.CANCEL_REPLACE
    """For OrderIntents without amendPolicy: CancelReplace, InPlaceOnly or Never."""

    rounding_policy: RoundingPolicy = RoundingPolicy.REJECT
    """For OrderIntents without roundingPolicy: Reject or Conservative."""

    starting_deadline_seconds: Annotated[Whole, Field(ge=1, le=31_536_000)] = DEFAULT_STARTING_DEADLINE_SECONDS
    """For OrderIntents without placement.startingDeadlineSeconds that are not legs of a group; in seconds."""


class ExchangeAccountSpec(Model):
    """Which account it is, and what may be done with it."""

    REPLACEMENT = "create a new ExchangeAccount with a new name instead"
    RULES = (
        Rule[Any](
            cel="!self.sandbox || !has(self.endpoint)",
            message="sandbox chooses the venue's own test endpoint: write either sandbox: true or endpoint",
            holds=lambda s: not s.sandbox or s.endpoint is None,
        ),
    )

    exchange: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,31}$", max_length=32), IMMUTABLE]
    """ccxt's id of the exchange, for example binance. Only exchanges with a profile of the operator are served."""

    sandbox: Annotated[Flag, IMMUTABLE] = False
    """True: the venue's test environment, with its own keys."""

    endpoint: Annotated[
        Annotated[str, StringConstraints(pattern=ENDPOINT_PATTERN, max_length=512)] | None,
        IMMUTABLE,
    ] = None
    """Base URL in place of the venue's own, for example of a paper exchange; only one that the operator's settings
    allow. Left out: the venue's own."""

    market_type: Annotated[MarketType, IMMUTABLE] = MarketType.SPOT
    """Spot or Swap (perpetual futures)."""

    credentials_secret_ref: SecretRef
    """Secret with the API key. Can be changed, and the Secret's content too: both are taken up without a restart."""

    trading_state: TradingState = TradingState.ENABLED
    """Enabled: orders are placed. ReduceOnly: only orders that reduce exposure. Halted: none, and working orders are
    canceled as haltScope says; the kill switch. Can be changed."""

    halt_scope: HaltScope = HaltScope.EXPOSURE_INCREASING
    """What Halted cancels: ExposureIncreasing keeps stops and other exits at the venue, All cancels everything. Only
    orders that the operator manages. Can be changed."""

    cancel_all_token: ShortText | None = None
    """A new value (a date, a ticket) cancels every order that was created earlier, once. The first value that the
    operator sees on a new account cancels nothing. Can be changed."""

    limits: Limits = Limits()
    """Limits on orders that increase exposure; none by default. Can be changed."""

    allowed_namespaces: AllowedNamespaces = AllowedNamespaces()
    """From which namespaces OrderIntents may use the account; its own by default. Can be changed."""

    markets: PublishedMarkets = PublishedMarkets()
    """Which markets are published as objects; none by default. Can be changed."""

    rate_limit_factor: RateLimitFactor = Decimal(1)
    """How many times the requests that the operator assumes the venue grants an account (its lowest tier) this one has,
    at most 100. It counts where the venue counts by account (coinbase, kraken, okx); a limit on an address (binance,
    bybit) is shared by all accounts behind it, and stays as it is. Can be changed."""

    defaults: OrderDefaults = OrderDefaults()
    """What holds for orders that do not say it themselves. Can be changed."""


class ExchangeAccount(KubeObject):
    """One account at one exchange: where its keys are, who may use it, and within which limits.

    It lives in a namespace of its own, apart from the strategies that trade on it, because it holds their limits.
    """

    INFO: ClassVar[KindInfo] = KindInfo(
        kind="ExchangeAccount",
        plural="exchangeaccounts",
        short_names=("xa",),
        categories=("trading",),
        status_subresource=True,
        columns=(
            Column("Exchange", ".spec.exchange"),
            Column("Market", ".spec.marketType"),
            Column("Trading", ".spec.tradingState"),
            Column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
            Column("Reason", '.status.conditions[?(@.type=="Ready")].reason'),
            Column("Endpoint", ".spec.endpoint", wide=True),
            Column("Venue-Account", ".status.venueAccountId", wide=True),
            Column("Message", ".status.message", wide=True),
        ),
    )

    spec: ExchangeAccountSpec
    """Which account it is, and what may be done with it."""

    status: ExchangeAccountStatus = ExchangeAccountStatus()
    """What the operator knows of the account."""
