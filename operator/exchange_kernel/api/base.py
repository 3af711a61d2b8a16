"""What all models of the kinds share: how they are read, judged, written, and turned into a schema.

The same model has three readers. A *manifest* is what somebody is about to apply: every rule is checked, as the API
server does. A *stored object* is what the API server holds: it may have been admitted before a rule existed, and an
order must stay cancelable even then, so cross-field rules do not stop it from being read (`problems()` names them).
And the *CRD* carries the same rules in CEL: a `Rule` holds both forms and the one message that users see.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from exchange_kernel.api.lists import ListType

T = TypeVar("T")

STORED: Mapping[str, bool] = {"stored": True}
"""Validation context for objects that the API server has already admitted: cross-field rules are not checked."""


@dataclass(frozen=True)
class Rule(Generic[T]):
    """One cross-field rule, for both judges.

    Attributes:
        cel: The expression for the API server; `self` is the object that carries the rule.
        message: What the user is told; it says what to write.
        holds: The same rule in Python.
    """

    cel: str
    message: str
    holds: Callable[[T], bool]


@dataclass(frozen=True)
class TransitionRule(Generic[T]):
    """One rule about a change: `oldSelf` and `self` in CEL, (old, new) in Python."""

    cel: str
    message: str
    holds: Callable[[T, T], bool]


@dataclass(frozen=True, slots=True)
class Immutable:
    """Marks a field that cannot change after creation: `Annotated[Symbol, IMMUTABLE]`.

    The marker is the single source: it renders the CEL transition rule and the sentence in the field's description,
    and `Model.immutable_fields()` lists it for the fingerprint of an order.
    """


IMMUTABLE = Immutable()


class Model(BaseModel):
    """Base of everything: frozen, camelCase outside, snake_case inside, unknown fields refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        alias_generator=to_camel,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        defer_build=True,  # a validator of its own only for what is read by itself: 2 MB, and a tenth of the import
    )

    RULES: ClassVar[tuple[Rule[Any], ...]] = ()
    TRANSITIONS: ClassVar[tuple[TransitionRule[Any], ...]] = ()
    REPLACEMENT: ClassVar[str] = "create a new object with a new name instead"
    WRITES_DEFAULTS: ClassVar[bool] = True

    @classmethod
    def immutable_fields(cls) -> tuple[str, ...]:
        """The Python names of the fields that are marked `IMMUTABLE`, in the order of the model."""
        return tuple(
            name
            for name, info in cls.model_fields.items()
            if any(isinstance(mark, Immutable) for mark in info.metadata)
        )

    @classmethod
    def alias_of(cls, name: str) -> str:
        """The camelCase name of a field, as users write it."""
        return cls.model_fields[name].alias or name

    @classmethod
    def all_transitions(cls) -> tuple[TransitionRule[Any], ...]:
        """The rules of immutability, one for each marked field, and then the model's own transition rules."""
        return (*(_immutability(cls, name) for name in cls.immutable_fields()), *cls.TRANSITIONS)

    def problems(self) -> tuple[str, ...]:
        """The messages of the cross-field rules that this object itself breaks; empty when it is valid."""
        return tuple(rule.message for rule in self.RULES if not rule.holds(self))

    def change_problems(self, new: Self) -> tuple[str, ...]:
        """The messages of the transition rules that changing this object into `new` breaks, here and below."""
        own = tuple(rule.message for rule in self.all_transitions() if not rule.holds(self, new))
        below = (message for old, now in _children(self, new) for message in old.change_problems(now))
        return (*own, *below)

    def to_object(self) -> dict[str, Any]:
        """The JSON form: camelCase, decimals and times as strings, nothing that is absent."""
        return self.model_dump(mode="json", by_alias=True)

    @model_validator(mode="after")
    def _check_rules(self, info: ValidationInfo) -> Self:
        if not (info.context or {}).get("stored"):
            broken = self.problems()
            if broken:
                raise ValueError("; ".join(broken))
        _share_written(self)
        return self

    @model_serializer(mode="wrap")
    def _leave_out_what_is_absent(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written = self.model_fields_set
        absent = {
            key
            for name, info in type(self).model_fields.items()
            if (value := getattr(self, name)) is None
            or (name not in written and (value in _EMPTY or not self.WRITES_DEFAULTS))
            for key in (name, info.alias or name)
        }
        return {key: value for key, value in handler(self).items() if key not in absent}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Adds the rules in CEL, and says in the description of a field that it cannot change."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        table: tuple[Rule[Any] | TransitionRule[Any], ...] = (*cls.RULES, *cls.all_transitions())
        rules = [{"rule": rule.cel, "message": rule.message} for rule in table]
        if rules:
            schema["x-kubernetes-validations"] = rules
        for name in cls.immutable_fields():
            schema["properties"][cls.alias_of(name)]["x-immutable"] = True
        return schema


class Observed(Model):
    """Base of what the operator writes: unknown fields are ignored, so that a newer field stops no older operator."""

    model_config = ConfigDict(extra="ignore")


_EMPTY: tuple[Any, ...] = ("", (), {})

# Which fields were written is a set of up to 700 bytes in each of a dozen models per object, and nearly always one of a
# few. Models are frozen and copies copy it, so that one set can serve all; the bound is for what strangers may write.
_WRITTEN: dict[frozenset[str], set[str]] = {}
_MOST_WRITTEN = 4096


def _share_written(model: Model) -> None:
    written = model.__pydantic_fields_set__
    shared = _WRITTEN.get(frozenset(written))
    if shared is None and len(_WRITTEN) < _MOST_WRITTEN:
        shared = _WRITTEN[frozenset(written)] = written
    if shared is not None:
        object.__setattr__(model, "__pydantic_fields_set__", shared)


def _children(old: Model, new: Model) -> Iterator[tuple[Model, Model]]:
    """The parts of two objects that correspond: fields by name, entries of map lists by key."""
    for name, info in type(old).model_fields.items():
        before, after = getattr(old, name), getattr(new, name)
        if isinstance(before, Model) and isinstance(after, Model):
            yield before, after
        for mark in info.metadata:
            if isinstance(mark, ListType) and mark.keys:
                entries = {mark.key_of(entry): entry for entry in after}
                yield from ((entry, entries[key]) for entry in before if (key := mark.key_of(entry)) in entries)


def _immutability(model: type[Model], name: str) -> TransitionRule[Any]:
    """`has(self.x) == has(oldSelf.x) && …`: on the parent, because a rule on the field would not see it added."""
    alias = model.alias_of(name)
    if model.model_fields[name].is_required():
        cel = f"self.{alias} == oldSelf.{alias}"
    else:
        cel = f"has(self.{alias}) == has(oldSelf.{alias}) && (!has(self.{alias}) || self.{alias} == oldSelf.{alias})"
    return TransitionRule(
        cel=cel,
        message=f"{alias} is immutable: {model.REPLACEMENT}",
        # As the API server sees it: "100" and "100.0" are the same number, and a change of the text.
        holds=lambda old, new: _as_written(old, name) == _as_written(new, name),
    )


def _as_written(model: Model, name: str) -> dict[str, Any]:
    """One field in its JSON form; empty where it is absent."""
    return model.model_dump(mode="json", by_alias=True, include={name})
