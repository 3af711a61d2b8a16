"""Values for tests, with sane defaults: say only what the test is about.

The defaults tell one story: an OrderIntent `trading/dip` for 0.5 BTC at 50000 USDT on account `trading/main`, seen by
the process `me` ten seconds after the object was created.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from exchange_kernel.api.enums import OrderStateName, PlacementOutcome
from exchange_kernel.api.exchange_account import Limits
from exchange_kernel.api.meta import ANNOTATION_CLAIMED, FINALIZER_CANCEL_ORDER, ObjectMeta
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_receipt import OrderReceipt, ReceiptPlacement
from exchange_kernel.api.order_status import OrderIntentStatus
from exchange_kernel.core import receipts
from exchange_kernel.core.account_facts import AccountFacts, ReferencePrice
from exchange_kernel.core.identity import Identity, client_order_id, identity_of
from exchange_kernel.core.market_rules import Terms
from exchange_kernel.core.receipts import Writer
from exchange_kernel.core.venue import Trade, VenueOrder, VenueStatus
from exchange_kernel.core.venue_rules import Market, VenueRules
from exchange_kernel.core.view import Held, NoReceipt, Now, Permit, View

CREATED = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
WALL = CREATED + timedelta(seconds=10)
MONOTONIC = 1000.0
UID = "uid-1"
ME = "me"
OTHER = "other"
VENUE_ACCOUNT = "venue-account"
JOURNAL = "journal-uid"
SYMBOL = "BTC/USDT"

# S, R, M in seconds; the fence is S + R + M + 1.
S, R, M = 5.0, 5.0, 15.0
FENCE = S + R + M + 1.0

RULES = VenueRules(
    name="binance",
    supported=frozenset(
        {
            ("Market", "GTC", False, False),
            ("Limit", "GTC", False, False),
            ("Limit", "IOC", False, False),
            ("Limit", "GTC", True, False),
            ("Limit", "GTD", False, False),
            ("StopMarket", "GTC", False, False),
            ("StopLimit", "GTC", False, False),
            ("TakeProfitMarket", "GTC", False, False),
            ("TakeProfitLimit", "GTC", False, False),
            ("TrailingStopMarket", "GTC", False, False),
        }
    ),
    quote_market_buy=True,
    request_expiry=R,
    settle_margin=M,
    trailing_offsets=frozenset({"Percent"}),
    trailing_percent_step=Decimal("0.01"),
    trailing_activation=True,
)


def market(**changes: Any) -> Market:  # noqa: ANN401 - fields of Market
    """BTC/USDT with a tick of 0.01, a step of 0.00001 and a minimum of 5 USDT."""
    return replace(
        Market(
            symbol=SYMBOL,
            base="BTC",
            quote="USDT",
            active=True,
            price_tick=Decimal("0.01"),
            quantity_step=Decimal("0.00001"),
            min_quantity=Decimal("0.00001"),
            max_quantity=Decimal(9000),
            market_max_quantity=Decimal(100),
            min_notional=Decimal(5),
            max_notional=Decimal(9_000_000),
            min_price=Decimal("0.01"),
            max_price=Decimal(1_000_000),
        ),
        **changes,
    )


def account(**changes: Any) -> AccountFacts:  # noqa: ANN401 - fields of AccountFacts
    """An account that is ready to trade."""
    facts = AccountFacts(
        venue_account_id=VENUE_ACCOUNT,
        journal_uid=JOURNAL,
        markets={SYMBOL: market()},
        rules=RULES,
        send_window=S,
    )
    return replace(facts, **changes)


def price(value: str, *, age: float = 1.0) -> dict[str, ReferencePrice]:
    """What was read of the default market's price, `age` seconds ago."""
    return {SYMBOL: ReferencePrice(Decimal(value), MONOTONIC - age)}


def limits(**fields: Any) -> Limits:  # noqa: ANN401 - fields of the limits, in camelCase
    """Limits of an account as its owner writes them."""
    return Limits.model_validate(fields)


def intent(
    *,
    name: str = "dip",
    namespace: str = "trading",
    uid: str = UID,
    held: bool = False,
    deleting: bool = False,
    annotations: dict[str, str] | None = None,
    status: OrderIntentStatus | None = None,
    created: datetime = CREATED,
    generation: int = 1,
    resource_version: str = "10",
    **spec: Any,  # noqa: ANN401 - fields of the spec, in camelCase
) -> OrderIntent:
    """A limit buy. `held`: with our finalizer and the annotation that comes with it; keywords are fields of the spec.

    A field that is None is left out of the spec.
    """
    wish: dict[str, Any] = {
        "accountRef": {"name": "main"},
        "symbol": SYMBOL,
        "side": "Buy",
        "type": "Limit",
        "quantity": "0.5",
        "price": "50000",
        **spec,
    }
    meta = ObjectMeta(
        name=name,
        namespace=namespace,
        uid=uid,
        resource_version=resource_version,
        generation=generation,
        creation_timestamp=created,
        deletion_timestamp=created + timedelta(seconds=5) if deleting else None,
        finalizers=(FINALIZER_CANCEL_ORDER,) if held else (),
        annotations={**({ANNOTATION_CLAIMED: uid} if held else {}), **(annotations or {})},
    )
    made = OrderIntent.from_object(
        {"metadata": {"name": name}, "spec": {key: value for key, value in wish.items() if value is not None}}
    )
    return made.model_copy(update={"metadata": meta, "status": status or OrderIntentStatus()})


def writer(holder: str = ME, **changes: Any) -> Writer:  # noqa: ANN401 - fields of Writer
    """Whoever writes a receipt."""
    made = Writer(
        holder=holder,
        send_window=S,
        rules=RULES,
        venue_account_id=VENUE_ACCOUNT,
        journal_uid=JOURNAL,
        at=WALL - timedelta(seconds=1),
    )
    return replace(made, **changes)


def placement(
    outcome: PlacementOutcome = PlacementOutcome.PENDING,
    *,
    attempt: int = 1,
    holder: str = ME,
    identity: Identity | None = None,
    expiry: float | None = R,
    revision: int = 0,
    **facts: Any,  # noqa: ANN401 - fields of ReceiptPlacement
) -> ReceiptPlacement:
    """One recorded request of the default order."""
    rules = replace(RULES, request_expiry=expiry)
    terms = Terms(Decimal("0.5"), None, Decimal(50000), None)
    made = receipts.pending(identity or identity_of(intent()), attempt, terms, writer(holder, rules=rules), revision)
    if outcome is PlacementOutcome.PLACED:
        facts.setdefault("exchange_order_id", "1001")
    if "quantity" in facts:
        made = made.model_copy(update={"quantity": facts.pop("quantity")})
    if outcome is PlacementOutcome.PENDING:
        facts.pop("exchange_order_id", None)
        return made.model_copy(update=facts)
    return receipts.resolved(made, outcome, WALL, **facts)


def receipt(
    *placements: ReceiptPlacement,
    of: OrderIntent | None = None,
    version: str = "1",
    **changes: Any,  # noqa: ANN401
) -> OrderReceipt:
    """The receipt of an intent with these placements, the first of them recorded first."""
    wished = of or intent()
    first, *more = placements or (placement(),)
    made = receipts.new_receipt(identity_of(wished), wished, first, writer())
    for following in more:
        made = receipts.with_placement(made, following)
    meta = made.metadata.model_copy(update={"resource_version": version, "namespace": "exchange-kernel"})
    return made.model_copy(update={"metadata": meta, **changes})


def held(
    *placements: ReceiptPlacement,
    of: OrderIntent | None = None,
    seen_at: float = MONOTONIC,
    gone: bool | None = None,
    **changes: Any,  # noqa: ANN401 - fields of OrderReceipt
) -> Held:
    """That receipt as a process holds it."""
    return Held(receipt(*placements, of=of, **changes), seen_at, gone)


def order(status: VenueStatus = VenueStatus.OPEN, filled: str = "0", **changes: Any) -> VenueOrder:  # noqa: ANN401
    """The default order as the venue reports it; its fills are among the trades unless `trades` says otherwise."""
    done = Decimal(filled)
    fill = Trade("t1", done, Decimal(50000), done * 50000, Decimal("0.001"), "USDT", WALL)
    made = VenueOrder(
        exchange_order_id="1001",
        client_order_id=client_order_id(identity_of(intent()), 0, 1),
        symbol=SYMBOL,
        side="Buy",
        status=status,
        raw_status=str(status).upper(),
        filled=done,
        quantity=Decimal("0.5"),
        price=Decimal(50000),
        cost=done * 50000,
        trades=(fill,) if done else (),
        updated_at=WALL,
    )
    return replace(made, **changes)


def permit(attempt: int = 1, *, age: float = 0.1, window: float = S) -> Permit:
    """The right to send an attempt of the default order, noted `age` seconds ago."""
    return Permit(client_order_id(identity_of(intent()), 0, attempt), MONOTONIC - age, window)


def said(state: OrderStateName | None = None, **fields: Any) -> OrderIntentStatus:  # noqa: ANN401 - fields of the status
    """A status as it was written before."""
    fields.setdefault("observed_generation", 1)
    return OrderIntentStatus(state=state, **fields)


def view(of: OrderIntent | None = None, **changes: Any) -> View:  # noqa: ANN401 - fields of View
    """An intent that nobody has handled yet; `wall` and `monotonic` set the clocks."""
    wished = of or intent()
    changes.setdefault("outcome_of", client_order_id(identity_of(wished), 0, 1))
    now = Now(changes.pop("wall", WALL), changes.pop("monotonic", MONOTONIC))
    made = View(
        intent=wished,
        identity=identity_of(wished),
        journal=NoReceipt(),
        account=account(),
        now=now,
        holder=ME,
    )
    return replace(made, **changes)
