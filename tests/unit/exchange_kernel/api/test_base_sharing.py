"""Equal sets of written fields are one set, and what is written afterwards is nobody else's."""

from exchange_kernel.api.order_intent import AccountRef, Placement


def test_objects_with_the_same_fields_share_what_was_written() -> None:
    first, second = AccountRef(name="a"), AccountRef(name="b")
    assert first.__pydantic_fields_set__ is second.__pydantic_fields_set__


def test_a_copy_with_more_fields_leaves_the_original_alone() -> None:
    plain = AccountRef(name="a")
    fuller = plain.model_copy(update={"namespace": "desk"})
    assert fuller.to_object() == {"name": "a", "namespace": "desk"}
    assert AccountRef(name="b").to_object() == {"name": "b"}
    assert plain.model_fields_set == {"name"}


def test_defaults_that_were_not_written_stay_apart_from_those_that_were() -> None:
    assert Placement().model_fields_set == set()
    assert Placement(submit_before=None).model_fields_set == {"submit_before"}
