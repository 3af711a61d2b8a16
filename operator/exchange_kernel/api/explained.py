"""Words that programs compare, with the two sentences that humans read."""

from enum import StrEnum
from typing import Self


class Explained(StrEnum):
    """A CamelCase word; `meaning` says what is the case, `remedy` what to do (empty: nothing)."""

    meaning: str
    remedy: str

    def __new__(cls, value: str, meaning: str, remedy: str = "") -> Self:
        """A member is its word; the sentences ride along."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.remedy = remedy
        return member
