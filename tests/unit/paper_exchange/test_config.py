"""What the command line may say about accounts and keys."""

import pytest

from paper_exchange.config import AccountConfig, ConfigError, KeyConfig, with_keys

ALICE = AccountConfig(name="alice")
KEY = "aliceOwnApiKey123"
BOB = AccountConfig(name="bob")


def test_a_named_key_takes_the_place_of_a_generated_one() -> None:
    alice, bob = with_keys([ALICE, BOB], [f"alice={KEY}:my:secret", "alice=anotherApiKey123:one"])
    assert alice.keys == (KeyConfig(key=KEY, secret="my:secret"), KeyConfig(key="anotherApiKey123", secret="one"))
    assert bob == BOB


@pytest.mark.parametrize("text", ["alice", "alice=key", "alice=:secret", "=key:secret", "alice=key:"])
def test_a_malformed_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^write --key ACCOUNT=KEY:SECRET$"):
        with_keys([ALICE], [text])


def test_a_key_of_nobody_is_refused() -> None:
    with pytest.raises(ConfigError, match="'carol', which no --account opens"):
        with_keys([ALICE], [f"carol={KEY}:secret"])


@pytest.mark.parametrize("key", ["my-api-key-with-dashes", "short", "x" * 129])
def test_a_key_that_the_venue_could_never_accept_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="16 to 128 letters and digits"):
        with_keys([ALICE], [f"alice={key}:secret"])
