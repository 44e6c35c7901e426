"""Long lists are completed in slices: between two of them the event loop serves the others."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from execution.limits import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

# A list that is no longer is completed at once.
SHORT = 20
# About 10 us a field: 20 ms.
SLICE = 2_000
_BUILD = inspect.signature(StrawberryGraphQLCoreExecutionContext.build)


class SlicedExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, but it lets go of the event loop after every so many fields of a long list.

    What an item asks of loaders is started when the whole list has been gone through, so that it still is one batch.
    """

    _fields = 0
    _until = SLICE

    @classmethod
    def build(cls, *args: Any, **named: Any) -> Any:
        """Build it so that wrong variables learn no names from it, and are not told at length."""
        said = _BUILD.bind(*args, **named)
        said.arguments.update(hide_suggestions=True, max_coercion_errors=Limits().errors)
        return super().build(*said.args, **said.kwargs)

    def execute_fields(self, parent_type: Any, source_value: Any, path: Any, grouped_field_set: Any, *rest: Any) -> Any:
        """Count the fields of every object."""
        self._fields += len(grouped_field_set)
        return super().execute_fields(parent_type, source_value, path, grouped_field_set, *rest)

    def complete_iterable_value(
        self, item_type: Any, field_details_list: Any, info: Any, path: Any, items: Any, *rest: Any
    ) -> Any:
        """Complete a short list at once, and a long one as if its items came one after the other."""
        if not isinstance(items, Collection) or len(items) <= SHORT:
            return super().complete_iterable_value(item_type, field_details_list, info, path, items, *rest)
        one_by_one = self._slices(items)
        return self.complete_async_iterator_value(item_type, field_details_list, info, path, one_by_one, *rest)

    async def _slices(self, items: Iterable[Any]) -> AsyncIterator[Any]:
        for item in items:
            if self._fields >= self._until:
                self._until = self._fields + SLICE
                await asyncio.sleep(0)
            yield item
