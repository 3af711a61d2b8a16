"""The Secret of an account's API key: which keys it must have, and messages that never show a value.

The Secret is one of type `exchangekernel.dev/credentials`. It has fixed keys, so that a typo is an error that names the
missing key, instead of a request that the venue refuses.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr

SECRET_TYPE = "exchangekernel.dev/credentials"  # noqa: S105 - the type of the Secret, not a secret
REQUIRED_KEYS = ("apiKey", "secret")
OPTIONAL_KEYS = ("password", "uid")


class CredentialsError(Exception):
    """The Secret cannot be used; the message says what is wrong with it and shows none of its values."""


class Credentials(BaseModel):
    """An API key. Its values show as asterisks wherever the object is printed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    api_key: SecretStr
    secret: SecretStr
    password: SecretStr | None = None
    uid: SecretStr | None = None

    @classmethod
    def from_secret(cls, secret: Mapping[str, Any]) -> "Credentials":
        """Reads a Kubernetes Secret as the API server returns it.

        Raises:
            CredentialsError: Wrong type, a missing or unknown key, an empty value, or one that is not text.
        """
        metadata = secret.get("metadata") or {}
        name = f"Secret {metadata.get('namespace', '')}/{metadata.get('name', '')}"
        if secret.get("type") != SECRET_TYPE:
            raise CredentialsError(f"{name} has type {secret.get('type')!r}: create it with type {SECRET_TYPE}")
        data = secret.get("data") or {}
        _check_keys(name, data)
        values = {key: _decode(name, key, encoded) for key, encoded in data.items()}
        return cls(
            api_key=values["apiKey"],
            secret=values["secret"],
            password=values.get("password"),
            uid=values.get("uid"),
        )


def _check_keys(name: str, data: Mapping[str, str]) -> None:
    missing = [key for key in REQUIRED_KEYS if key not in data]
    if missing:
        raise CredentialsError(f"{name} lacks the key {' and '.join(missing)}: add it to the Secret's data")
    unknown = sorted(set(data) - {*REQUIRED_KEYS, *OPTIONAL_KEYS})
    if unknown:
        allowed = ", ".join((*REQUIRED_KEYS, *OPTIONAL_KEYS))
        raise CredentialsError(f"{name} has the unknown key {', '.join(unknown)}: its keys may be {allowed}")


def _decode(name: str, key: str, encoded: str) -> SecretStr:
    try:
        value = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, TypeError, ValueError):
        raise CredentialsError(f"{name}: the value of {key} is not base64 of UTF-8 text") from None
    if not value.strip():
        raise CredentialsError(f"{name}: the value of {key} is empty")
    if value != value.strip():
        raise CredentialsError(
            f"{name}: the value of {key} starts or ends with white space, often a line break from a file: remove it"
        )
    return SecretStr(value)
