"""Ids that are made up for orders that bring none."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

_VERSION, _VARIANT = 7, 0b10


def uuid7(now: datetime, random_bits: Callable[[int], int]) -> str:
    """A UUID of version 7 (RFC 9562): milliseconds since 1970, then 74 random bits; a DNS label that sorts by time.

    Args:
        now: The time, with its zone.
        random_bits: Gives so many random bits as an integer.
    """
    milliseconds = int(now.timestamp() * 1000) & (2**48 - 1)
    value = milliseconds << 80 | _VERSION << 76 | random_bits(12) << 64 | _VARIANT << 62 | random_bits(62)
    return str(UUID(int=value))
