"""What tests of the local venue's Kraken dialect share: raw signed requests, beside an unmodified ccxt."""

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson

from paper_exchange.kraken.auth import sign

_FORM = "application/x-www-form-urlencoded"
_nonces = itertools.count(time.time_ns() // 1_000_000)


@dataclass(frozen=True, slots=True)
class Wire:
    """Kraken's API without ccxt: what ccxt would never send can be sent."""

    url: str
    key: str
    secret: str

    async def private(self, method: str, params: Mapping[str, object] | None = None, **changes: Any) -> Any:  # noqa: ANN401 - JSON
        """Asks a private method; `nonce`, `key` and `signature` can be chosen."""
        nonce = str(changes.get("nonce", next(_nonces)))
        path = f"/0/private/{method}"
        body = urlencode({"nonce": nonce, **(params or {})})
        headers = {
            "API-Key": changes.get("key", self.key),
            "API-Sign": changes.get("signature") or sign(self.secret, path, nonce, body),
            "Content-Type": _FORM,
        }
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url + path, data=body, headers=headers) as response,
        ):
            assert response.status == 200
            return orjson.loads(await response.read())

    async def public(self, method: str, **params: str) -> Any:  # noqa: ANN401 - JSON
        """Asks a public method."""
        url = f"{self.url}/0/public/{method}"
        async with aiohttp.ClientSession() as session, session.get(url, params=params) as response:
            assert response.status == 200
            return orjson.loads(await response.read())
