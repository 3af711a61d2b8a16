"""What users write and read: the kinds as models, and the CRDs that are rendered from them.

The models are the one source. `make crds` renders `crds/*.yaml` from them, `kubectl explain` shows their docstrings,
the API server enforces their rules in CEL, and Python enforces the same rules with the same messages.
"""

from exchange_kernel.api.account_state import AccountState
from exchange_kernel.api.exchange_account import ExchangeAccount
from exchange_kernel.api.exchange_asset import ExchangeAsset
from exchange_kernel.api.exchange_market import ExchangeMarket
from exchange_kernel.api.meta import KubeObject
from exchange_kernel.api.order_group import OrderGroup
from exchange_kernel.api.order_intent import OrderIntent
from exchange_kernel.api.order_receipt import OrderReceipt

KINDS: tuple[type[KubeObject], ...] = (
    OrderIntent,
    OrderGroup,
    ExchangeAccount,
    AccountState,
    ExchangeMarket,
    ExchangeAsset,
    OrderReceipt,
)

__all__ = [
    "KINDS",
    "AccountState",
    "ExchangeAccount",
    "ExchangeAsset",
    "ExchangeMarket",
    "KubeObject",
    "OrderGroup",
    "OrderIntent",
    "OrderReceipt",
]
