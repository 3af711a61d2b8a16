"""The OrderIntent of a leg, as the operator creates it.

No label or annotation of the group is copied: a tool that prunes by its own labels must not take the stop for a
left-over of its own.
"""

from decimal import Decimal
from enum import Enum, auto

from exchange_kernel.api.enums import AmendPolicy, DesiredState, LegRole, OrderType, TimeInForce
from exchange_kernel.api.meta import ANNOTATION_ORDER_LIST, LABEL_GROUP, LABEL_LEG, ObjectMeta, owned_by
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import AccountRef, OrderIntent, OrderIntentSpec, Placement
from exchange_kernel.core.groups.leg import Leg, child_name
from exchange_kernel.core.order_lists import written

_LIMITED = (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT_LIMIT)


class Form(Enum):
    """How a leg goes to the venue."""

    WRITTEN = auto()  # as the leg says
    AT_ONCE = auto()  # its price has been reached already: it trades now
    TOUCHED = auto()  # a watched target whose price was reached: what is there to be had at its price, and no more


def manifest(  # noqa: PLR0913 - what the order depends on, by name
    group: OrderGroup,
    leg: Leg,
    number: int,
    quantity: Decimal | None,
    form: Form,
    *,
    canceled: bool = False,
    together: tuple[str, ...] = (),
    deadline: int | None = None,
) -> OrderIntent:
    """The OrderIntent of a round.

    Args:
        group: The owner.
        leg: Its leg.
        number: The round, from 1.
        quantity: Total quantity in the base currency; None for an entry by quote quantity.
        form: How it goes to the venue.
        canceled: It is created canceled: it takes the name that the record gave away, and nothing is ever sent.
        together: Names of the OrderIntents that are sent in one request, where it is one of them.
        deadline: The account's default for placement.startingDeadlineSeconds; for a leg that begins the group.
    """
    spec = leg.spec
    kind, tif = _form(leg, form)
    written = form is Form.WRITTEN
    return OrderIntent(
        metadata=_meta(group, leg, number, together),
        spec=OrderIntentSpec.model_construct(
            account_ref=AccountRef(namespace=group.spec.account_ref.namespace, name=group.spec.account_ref.name),
            symbol=group.spec.symbol,
            side=spec.side,
            type=kind,
            quantity=None if spec.quote_quantity is not None else quantity,
            quote_quantity=spec.quote_quantity,
            price=spec.price if kind in _LIMITED else None,
            trigger_price=spec.trigger_price if written else None,
            trailing=spec.trailing if written else None,
            time_in_force=tif,
            expire_at=spec.expire_at if tif is TimeInForce.GTD else None,
            post_only=spec.post_only,
            reduce_only=spec.reduce_only,
            # A change of one order would end the other: the group replaces both.
            amend_policy=AmendPolicy.NEVER if together else spec.amend_policy,
            rounding_policy=spec.rounding_policy,
            desired_state=DesiredState.CANCELED if canceled else DesiredState.WORKING,
            placement=_placement(group, leg, number, deadline),
            suspend=group.spec.suspend,
        ),
    )


def _form(leg: Leg, form: Form) -> tuple[OrderType, TimeInForce]:
    """Type and time in force of the order."""
    spec = leg.spec
    if form is Form.WRITTEN or spec.type is OrderType.MARKET:
        return spec.type, spec.time_in_force
    if spec.type not in _LIMITED:
        return OrderType.MARKET, TimeInForce.GTC
    return OrderType.LIMIT, TimeInForce.IOC if form is Form.TOUCHED else spec.time_in_force


def _meta(group: OrderGroup, leg: Leg, number: int, together: tuple[str, ...]) -> ObjectMeta:
    return ObjectMeta(
        name=child_name(group.metadata.name, leg.name, number),
        namespace=group.metadata.namespace,
        labels={LABEL_GROUP: group.metadata.uid, LABEL_LEG: leg.name},
        annotations={ANNOTATION_ORDER_LIST: written(together)} if together else {},
        owner_references=(owned_by(group.metadata),),
    )


def _placement(group: OrderGroup, leg: Leg, number: int, deadline: int | None) -> Placement:
    """Only what begins a group has a deadline: an exit that is late is still better than none."""
    if number > 1 or not begins(group, leg):
        return Placement()
    wish = group.spec.placement
    seconds = wish.starting_deadline_seconds or deadline
    return Placement(starting_deadline_seconds=seconds, submit_before=wish.submit_before)


def begins(group: OrderGroup, leg: Leg) -> bool:
    """Whether a leg is among the first orders of a group, and exposes it to something new."""
    if group.spec.type.has_entry:
        return leg.spec.role is LegRole.ENTRY
    return leg.spec.role is LegRole.LEG
