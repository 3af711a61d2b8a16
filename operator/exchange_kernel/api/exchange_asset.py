"""ExchangeAsset: one asset that the published markets of an account trade, and the step of its amounts."""

from typing import Annotated, ClassVar

from exchange_kernel.api.base import IMMUTABLE, Observed
from exchange_kernel.api.meta import Column, KindInfo, KubeObject
from exchange_kernel.api.scalars import AnyDecimal, Currency, Name, ShortText, Time


class ExchangeAsset(KubeObject):
    """One asset that the published markets of an ExchangeAccount trade.

    The operator writes it in the account's namespace when something changes; edits are overwritten.
    """

    INFO: ClassVar[KindInfo] = KindInfo(
        kind="ExchangeAsset",
        plural="exchangeassets",
        short_names=(),
        selectable_fields=(".account", ".asset"),
        columns=(
            Column("Asset", ".asset"),
            Column("Step", ".step"),
            Column("Active", ".active", "boolean"),
            Column("Account", ".account", wide=True),
            Column("As-Of", ".asOf", "date", wide=True),
        ),
    )
    model_config = Observed.model_config
    REPLACEMENT = "it belongs to one asset of one account; the operator writes another object for another"

    account: Annotated[Name, IMMUTABLE]
    """Name of the ExchangeAccount, in the same namespace."""

    asset: Annotated[Currency, IMMUTABLE]
    """ccxt's unified currency code."""

    exchange: ShortText = ""
    """ccxt's id of the exchange."""

    active: bool
    """Whether at least one of the published markets that trade it is active."""

    delisted_at: Time | None = None
    """When the operator found that no published market trades the asset any more; the object is removed some time
    after that."""

    step: AnyDecimal | None = None
    """Finest step of a quantity in the published markets whose base it is; absent where it is only a quote."""

    as_of: Time
    """When these facts last changed, as the operator saw it."""
