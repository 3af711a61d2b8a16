"""What is printed: a line per figure with its target and a verdict."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure. `met` is None where there is no target."""

    figure: str
    target: str
    value: str
    met: bool | None
    detail: str = ""


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(values: Sequence[float]) -> str:
    """The rounds behind a median."""
    return "rounds " + " ".join(f"{value:.2f}" for value in values)


def ratio_row(figure: str, value: float, most: float, detail: str, rounds: Sequence[float] = ()) -> Row:
    """A ratio to the floor that must not be larger than `most`."""
    words = f"{detail}; {spread(rounds)}" if rounds else detail
    return Row(figure, f"≤ {most:g} x", f"{value:.2f} x", value <= most, words)


def render(rows: Sequence[Row]) -> str:
    """The table, in Markdown so that it can be pasted into docs/benchmarks.md."""
    verdicts = {True: "met", False: "MISSED", None: ""}
    cells = [("figure", "target", "measured", "verdict", "details")]
    cells += [(row.figure, row.target, row.value, verdicts[row.met], row.detail) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
