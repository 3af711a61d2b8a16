"""`python tests/chaos`, or `python -m chaos` with `tests` on the path: a campaign of random faults."""

import sys
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_TESTS), str(_TESTS.parent / "operator")]

from chaos.program import main  # noqa: E402 - the path has to be set first, so that no variable has to be

if __name__ == "__main__":
    sys.exit(main())
