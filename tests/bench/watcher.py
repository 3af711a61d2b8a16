"""A strategy that only listens, until it is ended: `python -m bench.watcher KUBECONFIG NAMESPACE ACCOUNT READY`."""

import asyncio
import sys
from pathlib import Path

from exchange_kernel.client.events import BaseEvent
from exchange_kernel.client.kernel import KubernetesExchangeKernel


async def main(kubeconfig: str, namespace: str, account: str, ready: str) -> None:
    kernel = KubernetesExchangeKernel(account, namespace=namespace, kubeconfig=kubeconfig)
    told: set[str] = set()

    def hear(event: BaseEvent) -> None:
        if event.intent_id is not None:
            told.add(event.intent_id)

    kernel.subscribe_events(hear)
    await kernel.start()
    Path(ready).write_text(str(len(told)))  # noqa: ASYNC240 - a few bytes, before anything is measured
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
