"""What a message may never show."""

import pytest

from exchange_kernel.exchange.scrub import MAX_LENGTH, Scrubber

LINES = ("MHcCAQEEIL0vs0nAc8m1canary7kT2o4a0lZkq9x", "AwEHoUQDQgAEcanary2F8q1n5o7bWz0Yt3k")
PEM = f"-----BEGIN EC PRIVATE KEY-----\n{LINES[0]}\n{LINES[1]}==\n-----END EC PRIVATE KEY-----"


@pytest.mark.parametrize(
    "text",
    [
        f"bad key {PEM}",
        f"bad key {PEM}".replace("\n", " "),
        f"could not read line {LINES[1]}==",
        f"request with {LINES[0]} in it",
    ],
)
def test_neither_a_whole_key_file_nor_one_of_its_lines_is_shown(text: str) -> None:
    clean = Scrubber([PEM, ""])(text)

    assert "canary" not in clean
    assert "***" in clean


def test_a_key_file_written_with_escaped_line_breaks_is_hidden_as_well() -> None:
    escaped = PEM.replace("\n", "\\n")

    assert "canary" not in Scrubber([escaped])(f"bad key {escaped} or {LINES[0]}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl end", "Authorization: Bearer *** end"),
        ("'OK-ACCESS-SIGN': 'abc/def+g=='", "'OK-ACCESS-SIGN': '***'"),
        ("OK-ACCESS-PASSPHRASE=hunter2&x=1", "OK-ACCESS-PASSPHRASE=***&x=1"),
        ("X-BAPI-SIGN: 0a1b2c", "X-BAPI-SIGN: ***"),
        ("X-BAPI-API-KEY: abcdef", "X-BAPI-API-KEY: ***"),
        ("CB-ACCESS-KEY: abcdef", "CB-ACCESS-KEY: ***"),
        ("symbol=BTCUSDT&signature=0a1b2c", "symbol=BTCUSDT&signature=***"),
        ("the secretary signed", "the secretary signed"),
    ],
)
def test_what_signs_a_request_is_hidden_whoever_it_belongs_to(text: str, shown: str) -> None:
    assert Scrubber([])(text) == shown


def test_a_message_is_one_line_that_fits_a_status() -> None:
    clean = Scrubber(["short"])("a\nb" + "x" * 1000)

    assert clean.startswith("a b")
    assert len(clean) == MAX_LENGTH
