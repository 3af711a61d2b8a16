"""`python -m exchange_kernel run`: the operator, in a cluster or from a kubeconfig."""

import argparse
import asyncio
import gc
import os
import signal
import sys

from exchange_kernel import settings as knobs
from exchange_kernel.kube.errors import KubeError
from exchange_kernel.settings import Settings

try:
    from exchange_kernel.controller import logs
    from exchange_kernel.controller.operator import Operator
except ModuleNotFoundError as missing:
    # Strategies do without the operator's libraries.
    sys.exit(f"exchange-kernel: {missing}. Install the operator: pip install 'exchange-kernel-operator[operator]'")

DESCRIPTION = """\
The Exchange Kernel Operator brings OrderIntents onto exchanges, at most once each, and writes what became of them
into their status. It needs the CRDs (kubectl apply --server-side -f crds/) and the rights of
examples/rbac/operator.yaml. SIGTERM drains: what is under way gets its record before the process ends.
"""


def main(arguments: list[str] | None = None) -> int:
    """Entry point. Returns the exit code: 0 drained, 1 something was left open, 2 wrong settings or no API server."""
    parser = argparse.ArgumentParser(
        prog="exchange-kernel", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="run")
    run = commands.add_parser("run", help="run the operator until SIGTERM or SIGINT", description=DESCRIPTION)
    knobs.add_arguments(run)
    try:
        settings = knobs.from_sources(parser.parse_args(arguments), os.environ)
    except ValueError as error:
        parser.error(str(error))
    logs.configure(settings.log_format, settings.log_level)
    try:
        return 0 if asyncio.run(_run(settings)) else 1
    except (KubeError, OSError) as error:
        print(f"exchange-kernel: {error}", file=sys.stderr)  # noqa: T201 - the user's terminal
        return 2


async def _run(settings: Settings) -> bool:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # What was imported lives as long as the process; the collector need not look at it again.
    gc.collect()
    gc.freeze()
    return await Operator(settings).run(stop)


if __name__ == "__main__":
    sys.exit(main())
