"""The operator with a time of day that is wrong by what a file says: `python -m support.wrong_clock FILE run ...`.

Only the clock that may be wrong in reality is: the monotonic one is as it was. The operator, ccxt and kopf read the
time of day through `time.time`, which is replaced before any of them is imported.
"""

import sys
import time
from pathlib import Path

_right = time.time
_offset = Path(sys.argv.pop(1))


def _wrong() -> float:
    return _right() + float(_offset.read_text())


time.time = _wrong

if __name__ == "__main__":
    from exchange_kernel.__main__ import main

    sys.exit(main())
