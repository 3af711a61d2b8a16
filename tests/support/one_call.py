"""One call of the interface in a process of its own: `python -m support.one_call CONFIG NAMESPACE ACCOUNT ID CALL`."""

import asyncio
import sys

from exchange_kernel.api.enums import OrderType, Side
from exchange_kernel.client.kernel import KubernetesExchangeKernel
from exchange_kernel.client.models import StandardOrder

PRICE, NEW_PRICE = "50000", "51000"


def order(intent_id: str | None = None, price: str = PRICE) -> StandardOrder:
    return StandardOrder(
        symbol_id="BTC/USDT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        quantity="0.01",
        price=price,
        intent_id=intent_id,
    )


async def call(kernel: KubernetesExchangeKernel, intent_id: str, what: str) -> None:
    """Do it; repeated, it is the same."""
    if what == "place":
        await kernel.place_order(order(intent_id))
    elif what == "modify":
        await kernel.modify_order(intent_id, order(price=NEW_PRICE))
    else:
        await kernel.cancel_order(intent_id)


async def main(config: str, namespace: str, account: str, intent_id: str, what: str) -> None:
    kernel = KubernetesExchangeKernel(account, namespace=namespace, kubeconfig=config, timeout=60.0)
    await call(kernel, intent_id, what)
    await kernel.stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
