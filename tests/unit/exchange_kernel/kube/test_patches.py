from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_kernel.kube.patches import claimed, finalizer_added, finalizer_removed, merge_diff, status_patch
from support.kube_fakes import meta

OURS = "exchangekernel.dev/cancel-order"
TESTS = [
    {"op": "test", "path": "/metadata/uid", "value": "uid-1"},
    {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
]

texts = st.sampled_from(["", "1", "x"])
leaves = st.booleans() | st.integers(0, 3) | texts | st.lists(texts, max_size=2)
trees = st.recursive(
    st.dictionaries(st.sampled_from("abcd"), leaves, max_size=4),
    lambda children: st.dictionaries(st.sampled_from("abcd"), leaves | children, max_size=4),
    max_leaves=12,
)


def apply(target: Any, patch: Any) -> Any:  # noqa: ANN401 - RFC 7396 speaks of any JSON value
    """RFC 7396, section 2, word for word."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = apply(result.get(name), value)
    return result


@settings(derandomize=True, max_examples=100)
@given(trees, trees)
def test_applying_the_difference_gives_the_following_state(previous: dict[str, Any], following: dict[str, Any]) -> None:
    assert apply(previous, merge_diff(previous, following)) == following


@settings(derandomize=True, max_examples=40)
@given(trees)
def test_equal_states_have_no_difference(state: dict[str, Any]) -> None:
    assert merge_diff(state, state) == {}


def test_only_the_leaves_that_change_are_in_the_patch() -> None:
    previous = {"state": "Open", "fees": [{"amount": "1"}], "normalized": {"price": "2", "quantity": "3"}, "gone": "x"}
    following = {"state": "Open", "fees": [{"amount": "2"}], "normalized": {"price": "2", "quantity": "4"}}

    assert merge_diff(previous, following) == {
        "gone": None,
        "fees": [{"amount": "2"}],
        "normalized": {"quantity": "4"},
    }


def test_a_decimal_with_another_scale_is_another_value() -> None:
    assert merge_diff({"a": "0"}, {"a": "0.0"}) == {"a": "0.0"}


def test_a_status_patch_is_conditional_on_the_version_that_was_seen() -> None:
    assert status_patch(meta(), {"a": 1}, {"a": 2}) == {"metadata": {"resourceVersion": "7"}, "status": {"a": 2}}


def test_a_status_that_does_not_change_is_not_written() -> None:
    assert status_patch(meta(), {"a": 1}, {"a": 1}) is None


def test_the_first_finalizer_creates_the_list() -> None:
    assert finalizer_added(meta(), OURS) == [*TESTS, {"op": "add", "path": "/metadata/finalizers", "value": [OURS]}]


def test_a_finalizer_is_added_beside_those_of_others() -> None:
    assert finalizer_added(meta(finalizers=["other/one"]), OURS) == [
        *TESTS,
        {"op": "add", "path": "/metadata/finalizers/-", "value": OURS},
    ]


def test_a_finalizer_that_is_there_is_not_added_again() -> None:
    assert finalizer_added(meta(finalizers=[OURS]), OURS) is None


def test_only_our_finalizer_is_removed_and_only_from_its_place() -> None:
    assert finalizer_removed(meta(finalizers=["other/one", OURS, "other/two"]), OURS) == [
        *TESTS,
        {"op": "test", "path": "/metadata/finalizers/1", "value": OURS},
        {"op": "remove", "path": "/metadata/finalizers/1"},
    ]


def test_a_finalizer_that_is_not_there_is_not_removed() -> None:
    assert finalizer_removed(meta(finalizers=["other/one"]), OURS) is None


CLAIMED = "exchangekernel.dev/claimed-uid"


def test_a_claim_notes_the_uid_of_the_object_beside_the_finalizer() -> None:
    assert claimed(meta(), OURS, CLAIMED) == [
        *TESTS,
        {"op": "add", "path": "/metadata/finalizers", "value": [OURS]},
        {"op": "add", "path": "/metadata/annotations", "value": {CLAIMED: "uid-1"}},
    ]


def test_a_claim_keeps_the_annotations_of_others() -> None:
    operations = claimed(meta(annotations={"other/one": "x"}), OURS, CLAIMED)

    assert operations is not None
    assert operations[-1] == {
        "op": "add",
        "path": "/metadata/annotations/exchangekernel.dev~1claimed-uid",
        "value": "uid-1",
    }


def test_a_restored_copy_keeps_the_uid_that_gives_it_away() -> None:
    assert claimed(meta(finalizers=[OURS], annotations={CLAIMED: "uid-0"}), OURS, CLAIMED) is None
