"""Who owns what.

Invariants, checked by `audit` and by the property tests:

1. No balance is negative.
2. For each asset, the free and locked balances of all accounts, the venue's own included, sum up to its supply: what
   was deposited less what was withdrawn. Trades and fees only move.
3. What an account has locked is the sum of what its open orders have reserved (the engine's part).
"""

from collections.abc import Iterator

from paper_exchange.model import Balance


class LedgerError(RuntimeError):
    """A booking would break an invariant: a defect of the engine, never a customer's mistake."""


class Ledger:
    """Balances by account and asset, as mutable pairs of free and locked."""

    __slots__ = ("_balances", "_supply", "_touched")

    def __init__(self) -> None:
        self._balances: dict[str, dict[str, list[int]]] = {}
        self._supply: dict[str, int] = {}
        self._touched: dict[tuple[str, str], None] = {}

    def _entry(self, account: str, asset: str) -> list[int]:
        assets = self._balances.get(account)
        if assets is None:
            assets = self._balances[account] = {}
        entry = assets.get(asset)
        if entry is None:
            entry = assets[asset] = [0, 0]
        self._touched[account, asset] = None
        return entry

    def free(self, account: str, asset: str) -> int:
        """What the account can spend."""
        entry = self._balances.get(account, {}).get(asset)
        return entry[0] if entry else 0

    def balance(self, account: str, asset: str) -> Balance:
        """Free and locked."""
        entry = self._balances.get(account, {}).get(asset)
        return Balance(entry[0], entry[1]) if entry else Balance(0, 0)

    def balances(self, account: str) -> dict[str, Balance]:
        """Every asset the account ever held, by name."""
        assets = self._balances.get(account, {})
        return {asset: Balance(*assets[asset]) for asset in sorted(assets)}

    def rows(self, account: str, assets: list[str]) -> tuple[tuple[str, int, int], ...]:
        """Name, free and locked of some assets that the account holds."""
        held = self._balances[account]
        return tuple([(asset, held[asset][0], held[asset][1]) for asset in assets])

    def supply(self, asset: str) -> int:
        """Deposits less withdrawals."""
        return self._supply.get(asset, 0)

    def deposit(self, account: str, asset: str, amount: int) -> None:
        """Bring an amount into the venue."""
        self._entry(account, asset)[0] += amount
        self._supply[asset] = self._supply.get(asset, 0) + amount

    def withdraw(self, account: str, asset: str, amount: int) -> None:
        """Take a free amount out of the venue."""
        self.spend(account, asset, released=0, paid=amount)
        self._supply[asset] -= amount

    def lock(self, account: str, asset: str, amount: int) -> None:
        """Set a free amount aside for an order."""
        entry = self._entry(account, asset)
        entry[0] -= amount
        entry[1] += amount
        if entry[0] < 0:
            raise LedgerError(f"{account} would lock {amount} {asset} more than it has")

    def spend(self, account: str, asset: str, *, released: int, paid: int) -> None:
        """Release a locked amount and pay from the free balance that results."""
        entry = self._entry(account, asset)
        entry[0] += released - paid
        entry[1] -= released
        if entry[0] < 0 or entry[1] < 0:
            raise LedgerError(f"{account} would pay {paid} {asset} (released {released}) that it does not have")

    def receive(self, account: str, asset: str, amount: int) -> None:
        """Credit an amount that another account paid."""
        self._entry(account, asset)[0] += amount

    def take_touched(self) -> dict[str, list[str]]:
        """The assets booked since the last call, by account, each in the order of the bookings."""
        touched: dict[str, list[str]] = {}
        for account, asset in self._touched:
            touched.setdefault(account, []).append(asset)
        self._touched.clear()
        return touched

    def audit(self) -> Iterator[str]:
        """Describe each broken invariant; nothing when the books are in order."""
        totals = dict.fromkeys(self._supply, 0)
        for account, assets in self._balances.items():
            for asset, (free, locked) in assets.items():
                totals[asset] = totals.get(asset, 0) + free + locked
                if free < 0 or locked < 0:
                    yield f"{account} has {free} free and {locked} locked {asset}"
        for asset, total in totals.items():
            if total != self.supply(asset):
                yield f"all accounts hold {total} {asset}, the supply is {self.supply(asset)}"

    def dump(self) -> dict[str, object]:
        """The ledger as plain values, for a snapshot."""
        return {"balances": self._balances, "supply": self._supply}

    @classmethod
    def load(cls, data: dict[str, dict[str, dict[str, list[int]]]]) -> "Ledger":
        """The ledger that `dump` wrote."""
        ledger = cls()
        ledger._balances = {account: dict(assets) for account, assets in data["balances"].items()}
        ledger._supply.update(data["supply"])  # type: ignore[arg-type]
        return ledger
