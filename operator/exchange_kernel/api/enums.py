"""The enumerations of the kinds: CamelCase strings, as Kubernetes' conventions ask."""

from enum import StrEnum


class Side(StrEnum):
    """Buy or sell."""

    BUY = "Buy"
    SELL = "Sell"


class OrderType(StrEnum):
    """What kind of order it is."""

    MARKET = "Market"
    LIMIT = "Limit"
    STOP_MARKET = "StopMarket"
    STOP_LIMIT = "StopLimit"
    TAKE_PROFIT_MARKET = "TakeProfitMarket"
    TAKE_PROFIT_LIMIT = "TakeProfitLimit"
    TRAILING_STOP_MARKET = "TrailingStopMarket"

    @property
    def has_price(self) -> bool:
        """Whether the order rests with a limit price."""
        return self in (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT_LIMIT)

    @property
    def has_trigger_price(self) -> bool:
        """Whether the order waits for a fixed trigger price."""
        return self in (
            OrderType.STOP_MARKET,
            OrderType.STOP_LIMIT,
            OrderType.TAKE_PROFIT_MARKET,
            OrderType.TAKE_PROFIT_LIMIT,
        )


class TimeInForce(StrEnum):
    """How long an order with a limit price works."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"


class OffsetType(StrEnum):
    """What a trailing offset counts."""

    AMOUNT = "Amount"
    PERCENT = "Percent"


class DesiredState(StrEnum):
    """What the user wants of the order."""

    WORKING = "Working"
    CANCELED = "Canceled"


class DeletionPolicy(StrEnum):
    """What deleting the object does to the order."""

    CANCEL = "Cancel"
    ORPHAN = "Orphan"


class AmendPolicy(StrEnum):
    """How a change of quantity, price or triggerPrice may be carried out."""

    CANCEL_REPLACE = "CancelReplace"
    IN_PLACE_ONLY = "InPlaceOnly"
    NEVER = "Never"


class RoundingPolicy(StrEnum):
    """What happens to a value that is not on the market's grid."""

    REJECT = "Reject"
    CONSERVATIVE = "Conservative"


class PlacementPolicy(StrEnum):
    """Whether a new order may be created."""

    CREATE_OR_ADOPT = "CreateOrAdopt"
    ADOPT_ONLY = "AdoptOnly"
    CREATE_ONLY = "CreateOnly"


class OrderStateName(StrEnum):
    """Where an order is in its life."""

    PENDING = "Pending"
    DENIED = "Denied"
    SUBMITTING = "Submitting"
    UNTRIGGERED = "Untriggered"
    OPEN = "Open"
    PARTIALLY_FILLED = "PartiallyFilled"
    FILLED = "Filled"
    CANCELED = "Canceled"
    EXPIRED = "Expired"
    REJECTED = "Rejected"
    UNKNOWN = "Unknown"

    @property
    def is_final(self) -> bool:
        """Whether the order has ended (fills that arrive late can still grow); quantity and prices are frozen then."""
        return self in FINAL_STATES

    @property
    def is_live(self) -> bool:
        """Whether the order works at the venue, as far as is known."""
        return self in (OrderStateName.UNTRIGGERED, OrderStateName.OPEN, OrderStateName.PARTIALLY_FILLED)


FINAL_STATES = (
    OrderStateName.FILLED,
    OrderStateName.CANCELED,
    OrderStateName.EXPIRED,
    OrderStateName.REJECTED,
)


class PendingCommand(StrEnum):
    """What has been asked of the venue and is not confirmed yet."""

    NONE = "None"
    SUBMIT = "Submit"
    CANCEL = "Cancel"
    AMEND = "Amend"


class TradingState(StrEnum):
    """What an account may do."""

    ENABLED = "Enabled"
    REDUCE_ONLY = "ReduceOnly"
    HALTED = "Halted"


class HaltScope(StrEnum):
    """Which orders a halt cancels."""

    EXPOSURE_INCREASING = "ExposureIncreasing"
    ALL = "All"


class MarketType(StrEnum):
    """Spot, or perpetual swaps."""

    SPOT = "Spot"
    SWAP = "Swap"


class NamespacesFrom(StrEnum):
    """How the namespaces that may use an account are chosen."""

    SAME = "Same"
    NAMES = "Names"
    SELECTOR = "Selector"


class MarketsMode(StrEnum):
    """Which markets of an account are published as objects."""

    ALL = "All"
    SELECTED = "Selected"


class HaltPhase(StrEnum):
    """How far a halt is."""

    DRAINING = "Draining"
    COMPLETE = "Complete"


class PositionSide(StrEnum):
    """Long or short."""

    LONG = "Long"
    SHORT = "Short"


class PositionSource(StrEnum):
    """Whether a position was read as a balance (spot) or as a position (swap)."""

    BALANCE = "Balance"
    VENUE = "Venue"


class HealthStatus(StrEnum):
    """The health of an account's session."""

    HEALTHY = "Healthy"
    DEGRADED = "Degraded"
    UNHEALTHY = "Unhealthy"


class OrderStream(StrEnum):
    """Whether the venue's own words about an account's orders arrive."""

    OFF = "Off"
    CONNECTING = "Connecting"
    LIVE = "Live"
    DOWN = "Down"


class PlacementOutcome(StrEnum):
    """What is proven about one request that creates an order.

    Pending is written before the request is sent and stays until there is proof. It permits nothing but looking.
    """

    PENDING = "Pending"
    NOT_PLACED = "NotPlaced"
    PLACED = "Placed"
    REFUSED = "Refused"
    ABSENT = "Absent"


class GroupType(StrEnum):
    """How the orders of a group are tied together."""

    OCO = "OCO"
    OUO = "OUO"
    OTO = "OTO"
    BRACKET = "Bracket"

    @property
    def has_entry(self) -> bool:
        """Whether one leg has to be filled before the others are placed."""
        return self in (GroupType.OTO, GroupType.BRACKET)


class LegRole(StrEnum):
    """What a leg is for."""

    ENTRY = "Entry"
    TAKE_PROFIT = "TakeProfit"
    STOP_LOSS = "StopLoss"
    LEG = "Leg"


class Execution(StrEnum):
    """Who ties the orders together: the venue, or the operator."""

    AUTO = "Auto"
    NATIVE = "Native"
    EMULATED = "Emulated"


class OnProtectionFailure(StrEnum):
    """What happens when a position has had no stop for too long."""

    CLOSE_POSITION = "ClosePosition"
    CANCEL_GROUP = "CancelGroup"
    HOLD = "Hold"


class OnOverfill(StrEnum):
    """What happens when the exits have filled more than there was to exit from."""

    HALT = "Halt"
    FLATTEN = "Flatten"


class GroupDeletionPolicy(StrEnum):
    """What deleting a group does to its orders."""

    KEEP_PROTECTION = "KeepProtection"
    CANCEL = "Cancel"
    ORPHAN = "Orphan"


class GroupState(StrEnum):
    """Where a group is in its life."""

    PENDING = "Pending"
    DENIED = "Denied"
    ENTERING = "Entering"
    WORKING = "Working"
    CLOSING = "Closing"
    COMPLETED = "Completed"
    CANCELED = "Canceled"
    EXPIRED = "Expired"
    REJECTED = "Rejected"

    @property
    def is_final(self) -> bool:
        """Whether the group has ended; nothing is placed for it any more."""
        return self in FINAL_GROUP_STATES


FINAL_GROUP_STATES = (GroupState.COMPLETED, GroupState.CANCELED, GroupState.EXPIRED, GroupState.REJECTED)


class ReceiptOutcome(StrEnum):
    """A receipt in one word, for LIST: anything unproven, all proven, or over."""

    PENDING = "Pending"
    RESOLVED = "Resolved"
    FINAL = "Final"


class AmendPhase(StrEnum):
    """How far a replacement is."""

    CANCELING = "Canceling"
    CREATING = "Creating"


class IdentityKind(StrEnum):
    """Whether an order's identity rests on spec.intentId or on metadata.name."""

    ID = "Id"
    NAME = "Name"
