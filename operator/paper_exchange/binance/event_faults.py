"""What a fault rule does to one event that is about to be sent."""

from paper_exchange.binance.connection import Connection
from paper_exchange.fault_rules import Action, FaultRule


def mistreat(connection: Connection, text: str, rule: FaultRule) -> None:
    """Sends an event late, twice, out of order, in part or not at all, or spoils its connection."""
    match rule.do:
        case Action.DELAY:
            connection.send_later(text, rule.delay_ms / 1000)
        case Action.DUPLICATE_EVENT:
            connection.send(text)
            connection.send(text)
        case Action.REORDER_EVENT:
            connection.send_after_next(text)
        case Action.MALFORM_EVENT:
            connection.send(text[: len(text) // 2])
        case Action.STALL:
            connection.stall()
        case Action.CLOSE if rule.how == "rst":
            connection.reset()
        case Action.CLOSE:
            connection.close(rule.code)
        case _:
            """DROP_EVENT: it is never sent."""
