"""OrderReceipts: the journal. Create and compare-and-set, nothing else ever changes one.

A write that is not answered (`Unavailable`) may have happened. The caller reads the receipt and judges by what it
finds: its own holder and attempt mean that the write arrived. A terminating receipt is returned like any other,
because an order does not stop to exist when somebody deletes the record of it; the finalizer keeps it readable.
"""

from collections.abc import AsyncIterator

from exchange_kernel.api.enums import ReceiptOutcome
from exchange_kernel.api.meta import FINALIZER_JOURNAL, ObjectMeta
from exchange_kernel.api.order_receipt import OrderReceipt
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.errors import NotFound
from exchange_kernel.kube.objects import Listed, read_object, read_objects, remove_finalizer
from exchange_kernel.kube.resources import RECEIPTS


class ReceiptStore:
    """The receipts in the operator's namespace."""

    def __init__(self, client: ApiClient, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def get(self, name: str) -> OrderReceipt | None:
        """The receipt, terminating or not; None where the journal has none of this name.

        Raises:
            Malformed: There is one, and it cannot be read; never the same as none.
            Unavailable: Nothing is known.
        """
        try:
            return read_object(OrderReceipt, await self._client.get(RECEIPTS, self._namespace, name))
        except NotFound:
            return None

    async def create(self, receipt: OrderReceipt) -> OrderReceipt:
        """Write a new receipt, with the finalizer that protects it.

        Raises:
            AlreadyExists: The identity has a receipt: somebody else's, or this one after a lost answer.
            Unavailable: It may have been created: read it.
            Invalid: The API server refuses it.
        """
        return read_object(OrderReceipt, await self._client.create(RECEIPTS, self._namespace, self._body(receipt)))

    async def replace(self, receipt: OrderReceipt) -> OrderReceipt:
        """Write a receipt over exactly the version that `receipt.metadata.resource_version` names.

        Raises:
            ValueError: The receipt carries no resourceVersion; without one this would overwrite whatever is there.
            Conflict: It has changed: somebody else owns the next step, read and observe only.
            NotFound: It is gone.
            Unavailable: It may have been written: read it.
            Invalid: The API server refuses it, e.g. a proven outcome that was to become Pending again.
        """
        if not receipt.metadata.resource_version:
            raise ValueError(f"receipt {receipt.metadata.name} has no resourceVersion: read it before replacing it")
        return read_object(OrderReceipt, await self._client.replace(RECEIPTS, self._namespace, self._body(receipt)))

    async def list(
        self, *, outcome: ReceiptOutcome | None = None, account: tuple[str, str] | None = None
    ) -> Listed[OrderReceipt]:
        """The receipts of an outcome, of an account (namespace, name), of both, or all.

        Raises Unavailable, Forbidden.
        """
        selectors = [f"outcome={outcome.value}"] if outcome else []
        if account:
            selectors += [f"identity.accountNamespace={account[0]}", f"identity.accountName={account[1]}"]
        found = await self._client.list(RECEIPTS, self._namespace, field_selector=",".join(selectors) or None)
        return read_objects(OrderReceipt, found)

    async def pages(self, outcome: ReceiptOutcome) -> AsyncIterator[Listed[OrderReceipt]]:
        """The receipts of an outcome, page by page; all pages show one moment. Raises Unavailable, Forbidden, Gone."""
        selector = f"outcome={outcome.value}"
        async for page in self._client.pages(RECEIPTS, self._namespace, field_selector=selector):
            yield read_objects(OrderReceipt, page["items"])

    async def delete(self, meta: ObjectMeta) -> None:
        """Delete exactly the receipt that was seen, in the state in which it was seen. Nothing to do when it is gone.

        The finalizer goes first: should somebody claim the receipt between the two writes, the delete fails and
        their next write restores the finalizer; the other way round the claimed receipt would be doomed.

        Raises:
            Conflict: It has changed meanwhile, so that the reason to delete it may not hold any more.
            Unavailable: It may be gone.
        """
        changed = await remove_finalizer(self._client, RECEIPTS, meta, FINALIZER_JOURNAL)
        if changed is not None:
            meta = ObjectMeta.model_validate(changed["metadata"])
        elif FINALIZER_JOURNAL in meta.finalizers:
            return
        try:
            await self._client.delete(
                RECEIPTS, self._namespace, meta.name, uid=meta.uid, resource_version=meta.resource_version
            )
        except NotFound:
            return

    def _body(self, receipt: OrderReceipt) -> dict[str, object]:
        body = receipt.to_object()
        body["metadata"]["namespace"] = self._namespace
        held = body["metadata"].get("finalizers", [])
        # The API server refuses a new finalizer on a terminating object; there it is too late to protect it.
        if FINALIZER_JOURNAL not in held and not receipt.metadata.deleting:
            body["metadata"]["finalizers"] = [*held, FINALIZER_JOURNAL]
        return body
