"""The Secret of an account: what is wrong with it is said, what is in it is not."""

import base64
from typing import Any

import pytest

from exchange_kernel.api.credentials import SECRET_TYPE, Credentials, CredentialsError


def secret(type_: str = SECRET_TYPE, **values: str) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "accounts", "name": "keys"},
        "type": type_,
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in values.items()},
    }


def test_a_secret_with_all_keys_is_read() -> None:
    read = Credentials.from_secret(secret(apiKey="k-value", secret="s-value", password="p-value", uid="7"))

    assert read.api_key.get_secret_value() == "k-value"
    assert read.secret.get_secret_value() == "s-value"
    assert read.password is not None
    assert read.password.get_secret_value() == "p-value"


def test_credentials_do_not_show_their_values() -> None:
    read = Credentials.from_secret(secret(apiKey="k-value", secret="s-value"))

    for shown in (repr(read), str(read), f"{read}", read.model_dump_json(), repr(read.model_dump())):
        assert "value" not in shown.replace("SecretStr", "")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (secret("Opaque", apiKey="k", secret="s"), "create it with type exchangekernel.dev/credentials"),
        (secret(apiKey="k"), "lacks the key secret: add it"),
        (secret(), "lacks the key apiKey and secret"),
        ({"type": SECRET_TYPE}, "lacks the key apiKey and secret"),
        (secret(apiKey="k", secret="s", passphrase="p"), "unknown key passphrase: its keys may be apiKey, secret"),
        (secret(apiKey="", secret="s"), "the value of apiKey is empty"),
        (secret(apiKey="k", secret="hidden\n"), "the value of secret starts or ends with white space"),
        ({**secret(apiKey="k", secret="s"), "data": {"apiKey": "hidden!", "secret": "cw=="}}, "apiKey is not base64"),
        ({**secret(), "data": {"apiKey": "/////w==", "secret": "cw=="}}, "apiKey is not base64 of UTF-8"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_secret_that_cannot_be_used_says_why(given: dict[str, Any], message: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        Credentials.from_secret(given)

    assert message in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert caught.value.__cause__ is None
