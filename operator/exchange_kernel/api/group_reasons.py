"""The reasons of an OrderGroup's conditions that orders do not have; `reasons.py` has the others."""

from exchange_kernel.api.explained import Explained


class GroupReason(Explained):
    """A reason; `meaning` says what is the case, `remedy` what to do (empty: nothing)."""

    NAME_CONFLICT = (
        "NameConflict",
        "An OrderIntent with the name of a leg exists and does not belong to the group.",
        "Delete that OrderIntent, or use another name for the group.",
    )
    BEGINNING = ("Beginning", "The first orders are being created.")
    ENTERING = ("Entering", "The entry works; nothing of it is filled.")
    WORKING = ("Working", "The legs are as the spec wants them.")
    COVERED = ("Covered", "A stop at the venue covers all that is held.")
    ARMING = (
        "Arming",
        "The stop is on its way to the venue; what is held is not protected before it is acknowledged.",
        "Wait; after maxUnprotectedSeconds onProtectionFailure is carried out.",
    )
    SWITCHING = (
        "Switching",
        "The target's price was reached: the stop ends, then the target trades; what is left gets its stop back.",
        "Wait.",
    )
    STOP_FAILED = (
        "StopFailed",
        "There is no stop at the venue and none is placed again: it was canceled there, has expired or is refused.",
        "Place an order of your own, or set desiredState: Canceled; onProtectionFailure is carried out meanwhile.",
    )
    HELD_BACK = (
        "HeldBack",
        "The stop is missing and may not be sent: the group is suspended or paused, or the account cannot trade.",
        "Lift what holds it back, as the message says.",
    )
    DUST = (
        "Dust",
        "What is left is smaller than the market's smallest order; no exit can be placed for it.",
        "Sell it together with something else.",
    )
    ENDING = ("Ending", "The legs are being canceled, the stop last.", "Wait.")
    LEGS_FILLED = ("LegsFilled", "The exits have filled all there was to exit from.")
    GROUP_CANCELED = ("GroupCanceled", "The group was canceled; its legs have ended.")
    LEGS_ENDED = (
        "LegsEnded",
        "All legs have ended before everything was exited; the message says what is held.",
        "For what is still wanted create a new group.",
    )
    LEG_REFUSED = (
        "LegRefused",
        "One leg was refused, so the others were canceled: alone they are not what was asked for.",
        "Correct the leg as the message says, and create a new group.",
    )
    PROTECTION_FAILED = (
        "ProtectionFailed",
        "Something was held without a stop for longer than maxUnprotectedSeconds; onProtectionFailure was carried out.",
        "See the messages of the legs for why the stop failed.",
    )
    OVERFILLED = (
        "Overfilled",
        "Exits that filled at the same moment have exited more than there was; overfillQuantity says how much.",
        "Trade the excess back, or write onOverfill: Flatten to have it done.",
    )
