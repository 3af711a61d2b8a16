"""What the parts of the controller share: stores, clocks, settings, and who this process is."""

import os
import random
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from exchange_kernel import clocks
from exchange_kernel.api.account_status import JournalRef
from exchange_kernel.core.view import Now
from exchange_kernel.exchange.account import Credentials, Venue
from exchange_kernel.exchange.session import AccountSession
from exchange_kernel.kube.accounts import AccountStateStore, AccountStore, SecretStore
from exchange_kernel.kube.client import ApiClient
from exchange_kernel.kube.events import EventRecorder
from exchange_kernel.kube.groups import GroupStore
from exchange_kernel.kube.intents import IntentStore
from exchange_kernel.kube.leases import LeaseStore
from exchange_kernel.kube.receipts import ReceiptStore
from exchange_kernel.settings import Settings


def new_holder() -> str:
    """A name that no other process ever has, not even this one after a restart."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(6)}"


@dataclass(frozen=True, slots=True)
class Stores:
    """The API server, by kind."""

    client: ApiClient
    intents: IntentStore
    receipts: ReceiptStore
    accounts: AccountStore
    states: AccountStateStore
    secrets: SecretStore

    @property
    def groups(self) -> GroupStore:
        """The OrderGroups."""
        return GroupStore(self.client)


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of every part of the controller.

    Attributes:
        holder: This process' name in receipts.
        root: The journal of this installation.
        monotonic: Seconds, for fences and intervals.
        open_exchange: How a session with a venue is opened.
        wall: For deadlines that users wrote.
        chance: Numbers from 0 to 1, to keep processes from doing the same at the same time.
    """

    settings: Settings
    stores: Stores
    events: EventRecorder
    root: JournalRef
    monotonic: Callable[[], float]
    open_exchange: Callable[[Venue, Credentials], AccountSession]
    wall: Callable[[], datetime] = clocks.wall
    holder: str = field(default_factory=new_holder)
    chance: Callable[[], float] = random.random

    @property
    def leases(self) -> LeaseStore:
        """The Leases beside the journal."""
        return LeaseStore(self.stores.client, self.root.namespace)

    def now(self) -> Now:
        """Both clocks."""
        return Now(self.wall(), self.monotonic())
