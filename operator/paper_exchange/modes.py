"""Standing modes: what is wrong with the venue until somebody says otherwise."""

from dataclasses import dataclass


@dataclass(slots=True)
class Modes:
    """The modes in force.

    Attributes:
        maintenance: Every request is answered 503 with -1016. The real venue's answer in maintenance is not
            documented; a fault rule with `respond` gives any other.
        lookup_lag_ms: How far order queries are behind the engine (`lookups`), in milliseconds.
    """

    maintenance: bool = False
    lookup_lag_ms: int = 0
