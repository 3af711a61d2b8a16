"""Every refusal the venue can give, with its code, its text and its HTTP status.

Clients decide by the code and, because the venue re-uses codes, by the text too ("Duplicate order sent." and
"Account has insufficient balance for requested action." are both -2010). Both are therefore written out here once,
as errors.md of the venue's documentation has them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class VenueError(Exception):
    """A request that the venue answers with `{"code": ..., "msg": ...}`.

    Attributes:
        code: The venue's negative error code.
        message: The venue's text.
        status: The HTTP status, also the `status` of a WS-API answer.
        headers: Further response headers, such as Retry-After.
        data: The error object's `data`: what became of each half of a cancel-replace.
    """

    code: int
    message: str
    status: int = 400
    headers: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] | None = None

    def body(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        body: dict[str, Any] = {"code": self.code, "msg": self.message}
        return body if self.data is None else {**body, "data": self.data}


def missing(name: str) -> VenueError:
    """-1102: a mandatory parameter is absent or cannot be read."""
    return VenueError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def missing_either(first: str, second: str) -> VenueError:
    """-1102: one of two parameters is needed."""
    return VenueError(-1102, f"Param '{first}' or '{second}' must be sent, but both were empty/null!")


def illegal_characters(name: str, pattern: str) -> VenueError:
    """-1100: a value does not match the pattern of its parameter."""
    return VenueError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{pattern}'.")


def duplicate_values() -> VenueError:
    """-1101: a parameter was sent twice in one place."""
    return VenueError(-1101, "Duplicate values for a parameter detected.")


def unread(read: int, sent: int) -> VenueError:
    """-1104: the request carries parameters that the endpoint does not know."""
    return VenueError(-1104, f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'.")


def empty(name: str) -> VenueError:
    """-1105: a parameter was sent without a value."""
    return VenueError(-1105, f"Parameter '{name}' was empty.")


def not_required(name: str) -> VenueError:
    """-1106: a parameter was sent that this kind of order does not take."""
    return VenueError(-1106, f"Parameter '{name}' sent when not required.")


def too_precise(name: str) -> VenueError:
    """-1111: more decimals than the venue's eight."""
    return VenueError(-1111, f"Parameter '{name}' has too much precision.")


def overflowed(name: str) -> VenueError:
    """-1108: a number beyond what the venue stores."""
    return VenueError(-1108, f"Parameter '{name}' overflowed.")


def bad_combination() -> VenueError:
    """-1128: parameters that exclude each other."""
    return VenueError(-1128, "Combination of optional parameters invalid.")


def not_valid(name: str) -> VenueError:
    """-1130: a value outside its enum or range."""
    return VenueError(-1130, f"Data sent for parameter '{name}' is not valid.")


def above_maximum(name: str, maximum: int) -> VenueError:
    """-1102: a number above its documented maximum, as recvWindow above 60000."""
    return VenueError(-1102, f"'{name}' contains unexpected value. Cannot be greater than {maximum}.")


UNKNOWN = VenueError(-1000, "An unknown error occurred while processing the request.", 500)
SHUTTING_DOWN = VenueError(-1016, "This service is no longer available.", 503)
UNSUPPORTED_OPERATION = VenueError(-1020, "This operation is not supported.")
OUTSIDE_RECV_WINDOW = VenueError(-1021, "Timestamp for this request is outside of the recvWindow.")
AHEAD_OF_SERVER = VenueError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
BAD_SIGNATURE = VenueError(-1022, "Signature for this request is not valid.")
TIF_NOT_REQUIRED = VenueError(-1106, "Parameter 'timeInForce' sent when not required.")
BAD_TIME_IN_FORCE = VenueError(-1115, "Invalid timeInForce.")
BAD_ORDER_TYPE = VenueError(-1116, "Invalid orderType.")
BAD_SIDE = VenueError(-1117, "Invalid side.")
BAD_INTERVAL = VenueError(-1120, "Invalid interval.")
BAD_SYMBOL = VenueError(-1121, "Invalid symbol.")
BAD_SYMBOL_STATUS = VenueError(-1122, "Invalid symbolStatus.")
MORE_THAN_24_HOURS = VenueError(-1127, "More than 24 hours between startTime and endTime.")
BAD_JSON = VenueError(-1135, "Invalid JSON Request")
BAD_TICKER_TYPE = VenueError(-1139, "Invalid ticker type.")
BAD_CANCEL_RESTRICTIONS = VenueError(-1145, "Invalid cancelRestrictions")
DUPLICATE_SYMBOLS = VenueError(-1151, "Symbol is present multiple times in the list.")
SYMBOL_STATUS_MISMATCH = VenueError(-1220, "The symbol's status does not match the requested symbolStatus.")
NO_SUCH_ORDER = VenueError(-2013, "Order does not exist.")
CANCEL_REPLACE_PARTLY = VenueError(-2021, "Order cancel-replace partially failed.", 409)
CANCEL_REPLACE_FAILED = VenueError(-2022, "Order cancel-replace failed.")
BAD_KEY_FORMAT = VenueError(-2014, "API-key format invalid.", 401)
KEY_REJECTED = VenueError(-2015, "Invalid API-key, IP, or permissions for action.", 401)
SUBSCRIPTION_ACTIVE = VenueError(-2035, "User Data Stream subscription already active.")
SUBSCRIPTION_INACTIVE = VenueError(-2036, "User Data Stream subscription not active.")
