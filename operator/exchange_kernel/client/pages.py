"""The pages of a list, kept small until all of them have come. Pure."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import orjson

from exchange_kernel.kube.resources import Json

_FASTEST: Final = 1  # objects of one kind repeat each other: this takes most of what can be taken


@dataclass(frozen=True, slots=True)
class KeptPages:
    """Pages as compressed JSON: an object takes a few hundred bytes, where parsed it takes ten thousand and more."""

    _pages: list[bytes] = field(default_factory=list)

    def add(self, objects: list[Json]) -> None:
        """Keep one more page; nothing of the objects themselves is held."""
        self._pages.append(zlib.compress(orjson.dumps(objects), _FASTEST))

    def objects(self) -> Iterator[Json]:
        """The objects in their order, of one page at a time."""
        for page in self._pages:
            yield from orjson.loads(zlib.decompress(page))
