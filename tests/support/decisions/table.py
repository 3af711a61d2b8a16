"""The table. A row stands for all combinations of what it names; together they are the whole product, each once."""

from support.decisions.rows import Row

ALL = ("unknown", "absent", "proven-absent", "working", "partly", "ended")
NOT_FOUND = ("unknown", "absent", "proven-absent")
UNPROVEN = ("unknown", "absent")
ABSENT = ("absent", "proven-absent")
WISHES = ("working", "canceled", "deleting", "suspended")
WANTED = ("working", "suspended")
UNWANTED = ("canceled", "deleting")
UNSENT = ("canceled", "deleting", "suspended")
OPEN_QUESTION = ("pending-mine", "pending-other")
ACKNOWLEDGED = ("placed", "closed")
NOTHING_THERE = ("not-placed", "absent")
# Found under the placement's id, whoever sent it and whatever the record says: adopted by the same write.
CAN_BE_FOUND = ("pending-permit", *OPEN_QUESTION, *NOTHING_THERE)

PLACE = "create Pending/1 permit, beside AddFinalizer, beside LookUp"
AGAIN = "write Pending/2 permit, beside LookUp"


def row(
    recorded: str | tuple[str, ...], observed: tuple[str, ...] | str, wish: tuple[str, ...] | str, **words: str
) -> Row:
    """One row; a single word stands for a tuple of one."""
    return Row(_many(recorded), _many(observed), _many(wish), words["does"], words.get("says", "-"), words["why"])


def _many(words: str | tuple[str, ...]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else words


ROWS: tuple[Row, ...] = (
    row("not-read", ALL, WISHES, does="ReadReceipt", why="nothing is concluded before the journal has been read"),
    # No receipt, no trace.
    row(
        "none", ALL, "working", does=PLACE, why="record first; the look-up runs beside it, an older one proves nothing"
    ),
    row(
        "none",
        ALL,
        "canceled",
        does="rest",
        says="Canceled Canceled",
        why="nothing was sent, nothing is to be canceled",
    ),
    row("none", ALL, "deleting", does="rest", why="an object without our finalizer goes by itself"),
    row("none", ALL, "suspended", does="rest", says="Pending Suspended", why="suspend holds the first request back"),
    # No receipt, but traces.
    row("lost", "unknown", WISHES, does="LookUp", says="Pending LookingUp", why="perhaps it is at the venue"),
    row("lost", ABSENT, WISHES, does="create Pending/1", why="even a whole absence proves nothing without a guard"),
    row("lost", ("working", "partly"), WISHES, does="create Placed/1", why="what the venue has is adopted"),
    row("lost", "ended", WISHES, does="create Pending/1", why="what was canceled may have been replaced: guard it"),
    # This process holds a permit and has not sent.
    row("pending-permit", "unknown", "working", does="LookUp", why="no request before a look-up has succeeded"),
    row("pending-permit", ABSENT, "working", does="Send", why="recorded, looked up, gates open, window open"),
    row(
        "pending-permit",
        NOT_FOUND,
        UNSENT,
        does="write NotPlaced/1",
        why="the gates are asked again before the request",
    ),
    # An outcome that nobody knows.
    row(
        OPEN_QUESTION,
        UNPROVEN,
        WISHES,
        does="LookUp all",
        says="Unknown OutcomeUnknown",
        why="an incomplete absence is none; Unknown is said, and only looking is allowed, whatever is wished",
    ),
    row(OPEN_QUESTION, "proven-absent", "working", does=AGAIN, why="proof and next attempt are one compare-and-set"),
    row(OPEN_QUESTION, "proven-absent", UNSENT, does="write Absent/1", why="the proof is kept; nothing more is sent"),
    # Found.
    row(CAN_BE_FOUND, "working", WANTED, does="write Placed/1", says="Open Working", why="found is placed"),
    row(CAN_BE_FOUND, "working", UNWANTED, does="write Placed/1", says="Open Canceling", why="adopt, then cancel"),
    row(CAN_BE_FOUND, "partly", WANTED, does="write Placed/1", says="PartiallyFilled Working", why="found is placed"),
    row(CAN_BE_FOUND, "partly", UNWANTED, does="write Placed/1", says="PartiallyFilled Canceling", why="adopt, cancel"),
    row(
        CAN_BE_FOUND,
        "ended",
        WISHES,
        does="write Placed/1",
        why="it is reported, never replaced; its end is not said beside the record",
    ),
    # Acknowledged.
    row(ACKNOWLEDGED, NOT_FOUND, WISHES, does="FetchOrder", why="an acknowledged order is read, never placed again"),
    row(
        ACKNOWLEDGED, "working", WANTED, does="rest", says="Open Working", why="suspend does not touch a working order"
    ),
    row(ACKNOWLEDGED, "partly", WANTED, does="rest", says="PartiallyFilled Working", why="fills are reported"),
    row(
        ACKNOWLEDGED, "working", UNWANTED, does="Cancel, FetchOrder", says="Open Canceling", why="cancel and read back"
    ),
    row(ACKNOWLEDGED, "partly", UNWANTED, does="Cancel, FetchOrder", says="PartiallyFilled Canceling", why="as above"),
    row(
        "placed",
        "ended",
        ("working", "suspended", "canceled"),
        does="write Placed/1",
        why="a cancel is recorded before it is said, so that nobody replaces the order any more",
    ),
    row("closed", "ended", WANTED, does="rest", says="Canceled CanceledExternally", why="wait for late fills"),
    row("closed", "ended", "canceled", does="rest", says="Canceled Canceled", why="wait for late fills"),
    row(
        ACKNOWLEDGED,
        "ended",
        "deleting",
        does="write Placed/1 final Canceled gone",
        why="the end is noted, then released",
    ),
    # Provably not there.
    row(
        "not-placed",
        "unknown",
        "working",
        does="LookUp",
        says="Pending LookingUp",
        why="look its id up before the next",
    ),
    row("not-placed", ABSENT, "working", does=AGAIN, why="the sender's own proof allows the next attempt at once"),
    row("absent", NOT_FOUND, "working", does=AGAIN, why="the absence was proven"),
    row(NOTHING_THERE, NOT_FOUND, "suspended", does="rest", says="Pending Suspended", why="no further attempt now"),
    row("not-placed", NOT_FOUND, "canceled", does="write NotPlaced/1 final Canceled", why="recorded before it is said"),
    row("absent", NOT_FOUND, "canceled", does="write Absent/1 final Canceled", why="recorded before it is said"),
    row("not-placed", NOT_FOUND, "deleting", does="write NotPlaced/1 final Canceled gone", why="noted, then released"),
    row("absent", NOT_FOUND, "deleting", does="write Absent/1 final Canceled gone", why="noted, then released"),
    # Refused for good, ended before.
    row(
        "refused", ALL, ("working", "canceled", "suspended"), does="rest", says="Rejected Rejected", why="no other try"
    ),
    row("refused", ALL, "deleting", does="write Refused/1 final Rejected gone", why="the end is noted, then released"),
    row(
        "final", ALL, ("working", "canceled", "suspended"), does="rest", says="Expired Expired", why="the name is used"
    ),
    row("final", ALL, "deleting", does="write NotPlaced/1 final Expired gone", why="the first end stays"),
)
