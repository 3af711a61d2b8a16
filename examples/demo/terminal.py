"""What the demo shows: sections, commands and their output, a table. Colours only on a terminal."""

import os
import sys
import time
from collections.abc import Sequence
from typing import Final

_BOLD: Final = "1"
_DIM: Final = "2"
_RED: Final = "31"
_GREEN: Final = "32"
_CYAN: Final = "36"

Row = Sequence[str]


class Terminal:
    """Writes to standard output, line by line."""

    def __init__(self) -> None:
        self._colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._sections = 0
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._began

    def section(self, title: str) -> None:
        """A new part, numbered."""
        self._sections += 1
        self._line("")
        self._line(self._paint(_BOLD, f"{self._sections}. {title}"))

    def say(self, text: str) -> None:
        """A sentence for the reader."""
        self._line(f"   {text}")

    def command(self, text: str) -> None:
        """A command as one would type it."""
        self._line(self._paint(_CYAN, f"   $ {text}"))

    def output(self, text: str) -> None:
        """What a command wrote."""
        for line in text.rstrip().splitlines():
            self._line(self._paint(_DIM, f"     {line}") if line else "")

    def good(self, text: str) -> None:
        """Something that was to be shown has been shown."""
        self._line(self._paint(_GREEN, f"   {text}"))

    def bad(self, text: str) -> None:
        """Something is not as it should be."""
        self._line(self._paint(_RED, f"   {text}"))

    def table(self, head: Row, rows: Sequence[Row]) -> None:
        """Columns, aligned."""
        widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
        for number, row in enumerate((head, *rows)):
            line = "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            self._line(self._paint(_BOLD, f"   {line}") if number == 0 else f"   {line}")

    def _paint(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text

    @staticmethod
    def _line(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
