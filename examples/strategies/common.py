"""What both strategies need: flags, a kernel, and an end when they are told to stop."""

import argparse
import asyncio
import signal
from collections.abc import Awaitable, Callable

from exchange_kernel.client.errors import KernelError
from exchange_kernel.client.kernel import KubernetesExchangeKernel

Strategy = Callable[[KubernetesExchangeKernel, argparse.Namespace], Awaitable[None]]


def parser(description: str, name: str) -> argparse.ArgumentParser:
    """The flags that every strategy has."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    made.add_argument("account", help="the ExchangeAccount, as [namespace/]name")
    made.add_argument("--namespace", help="of the orders (default: the pod's, or the kubeconfig's)")
    made.add_argument("--kubeconfig", help="default: the pod's service account, or kubectl's own")
    made.add_argument("--name", default=name, help="begins the name of each order: two instances need two names")
    made.add_argument("--symbol", default="BTC/USDT", help="the market")
    made.add_argument("--quantity", default="0.001", help="of each order, in the base currency")
    return made


def run(strategy: Strategy, arguments: argparse.Namespace) -> int:
    """Run a strategy until it ends, or until SIGTERM or Ctrl-C; returns the exit code."""
    try:
        asyncio.run(_run(strategy, arguments))
    except KernelError as error:
        say(f"{type(error).__name__}: {error}")
        return 1
    except asyncio.CancelledError:
        say("told to stop; the orders stay")
    return 0


async def _run(strategy: Strategy, arguments: argparse.Namespace) -> None:
    this = asyncio.current_task()
    assert this is not None  # noqa: S101 - for the type checker: asyncio.run always makes one
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, this.cancel)
    kernel = KubernetesExchangeKernel(
        arguments.account,
        namespace=arguments.namespace,
        strategy=arguments.name,
        kubeconfig=arguments.kubeconfig,
    )
    try:
        await strategy(kernel, arguments)
    finally:
        await kernel.stop()


def say(text: str) -> None:
    """Print a line, at once: a pod's log is read while it runs."""
    print(text, flush=True)
