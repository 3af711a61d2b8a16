"""Who an order is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.api.enums import IdentityKind
from exchange_kernel.core.identity import Identity, client_order_id, fingerprint, identity_of, is_ours, to_record
from support.builders import intent

parts = st.text(alphabet="ab:1.", min_size=0, max_size=4)


def identity(*words: str) -> Identity:
    return Identity(words[0], words[1], words[2], IdentityKind.NAME, words[3])


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(st.tuples(parts, parts, parts, parts), st.tuples(parts, parts, parts, parts))
def test_no_two_tuples_share_a_digest(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (identity(*one).digest() == identity(*other).digest()) == (one == other)


def test_the_uid_is_no_part_of_the_identity() -> None:
    assert identity_of(intent(uid="a")) == identity_of(intent(uid="b"))


def test_an_intent_id_stands_in_for_the_name() -> None:
    one, other = identity_of(intent(name="a", intentId="x")), identity_of(intent(name="b", intentId="x"))

    assert one == other
    assert (one.kind, one.value) == (IdentityKind.ID, "x")


def test_an_intent_id_is_not_the_name_of_another_object() -> None:
    assert identity_of(intent(name="x")) != identity_of(intent(name="a", intentId="x"))


def test_the_accounts_namespace_defaults_to_the_intents() -> None:
    assert identity_of(intent()) == identity_of(intent(accountRef={"name": "main", "namespace": "trading"}))
    assert identity_of(intent()) != identity_of(intent(accountRef={"name": "main", "namespace": "desk"}))


def test_a_client_order_id_is_32_hex_digits_with_our_tag_and_differs_for_each_request() -> None:
    known = identity_of(intent())
    ids = {client_order_id(known, revision, attempt) for revision in range(5) for attempt in range(1, 20)}

    assert len(ids) == 95
    assert all(is_ours(one) and int(one, 16) and one == one.lower() for one in ids)


def test_the_names_are_the_same_for_ever() -> None:
    """They are in receipts and at venues: a change of this function would orphan every order."""
    known = identity_of(intent())

    assert known.receipt_name == "or-15ead945ff7f84b7832c153101d2fba147a38ab3790ec4cb79efa594edcd5aa9"
    assert client_order_id(known, 0, 1) == "ec0d719ed954427bef599c42d3f3129f"


@pytest.mark.parametrize("text", ["", "ec0d", "abcd" + "0" * 28, "ec0d" + "0" * 29])
def test_other_ids_are_not_ours(text: str) -> None:
    assert not is_ours(text)


def test_a_receipt_holds_the_whole_tuple() -> None:
    record = to_record(identity_of(intent(intentId="x")))

    assert (record.account_namespace, record.account_name) == ("trading", "main")
    assert (record.intent_namespace, record.key_kind, record.key) == ("trading", IdentityKind.ID, "x")


@pytest.mark.parametrize(
    "spec",
    [{"side": "Sell"}, {"symbol": "ETH/USDT"}, {"timeInForce": "IOC"}, {"postOnly": True}, {"intentId": "x"}],
    ids=str,
)
def test_an_immutable_field_changes_the_fingerprint(spec: dict[str, object]) -> None:
    assert fingerprint(intent(), "0.5") != fingerprint(intent(**spec), "0.5")


def test_what_may_be_edited_does_not_change_the_fingerprint() -> None:
    assert fingerprint(intent(), "0.5") == fingerprint(intent(price="1", quantity="9", suspend=True), "0.5")
    assert fingerprint(intent(), "0.5") != fingerprint(intent(), "0.6")
