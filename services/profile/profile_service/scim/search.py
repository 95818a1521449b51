"""Step 4 of the SCIM read path: one page of users and groups, by index or from a cursor's position (RFC 9865).

Resources without the sort value come last, or first when descending; the id decides between equals. A position names
the row that a page starts after or ends before, so pages stay stable while rows come and go.
"""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from chassis.database import Transaction
from scim2_models import InvalidCursorException, Resource, SearchRequest
from scim2_server.storage import SearchPage

from profile_service.scim.filters import SqlFilter, sort_key

COUNT = "SELECT count(*) FROM scim_resource WHERE {where}"
PAGE = """
SELECT id, type, resource, key
FROM (SELECT id, type, resource, {key} AS key FROM scim_resource WHERE {where}) AS found
WHERE {after} ORDER BY {order} LIMIT {limit} OFFSET {offset}
"""
POSITION = "(key IS NULL, COALESCE(key, '') COLLATE \"C\", id)"
Direction = Literal["next", "previous"]
Anchor = tuple[Any, UUID]


class Search:
    """One search, over the models of one or more resource types by name."""

    def __init__(self, models: Mapping[str, type[Resource[Any]]], request: SearchRequest[Any]) -> None:
        self._models = models
        self._request = request
        self._values: list[Any] = []
        self._where = " OR ".join(f"({self._condition(name, model)})" for name, model in models.items())
        self._counted = list(self._values)
        self._descending = request.sort_by is not None and request.sort_order == SearchRequest.SortOrder.descending

    async def page(self, connection: Transaction, position: Any) -> SearchPage:
        """The page asked for. Raises InvalidFilterException, InvalidCursorException."""
        total = await connection.fetchval(COUNT.format(where=self._where), *self._counted)
        if self._request.count == 0:
            return SearchPage(total, [])
        if self._request.cursor is None:
            rows = await self._rows(connection, "next", None, self._request.start_index_0 or 0, self._request.count)
            return SearchPage(total, [self._resource(row) for row in rows])
        return await self._cursor_page(connection, total, position)

    async def _cursor_page(self, connection: Transaction, total: int, position: Any) -> SearchPage:
        direction, anchor = _read(position)
        count = self._request.count
        more = None if count is None else count + 1
        rows = await self._rows(connection, direction, anchor, 0, more)
        further = count is not None and len(rows) > count
        rows = rows[:count]
        if direction == "previous":
            rows.reverse()
        page = SearchPage(total, [self._resource(row) for row in rows])
        if rows and (further or direction == "previous"):
            page.next = _position("next", rows[-1])
        if rows and (further if direction == "previous" else anchor):
            page.previous = _position("previous", rows[0])
        return page

    async def _rows(
        self,
        connection: Transaction,
        direction: Direction,
        anchor: tuple[Any, UUID] | None,
        offset: int,
        limit: int | None,
    ) -> list[Any]:
        """In order from the anchor, away from it."""
        down = self._descending != (direction == "previous")
        values = [*self._values, limit, offset]
        after = "true"
        if anchor:
            values += [anchor[0], anchor[1]]
            at = f"(${len(values) - 1}::text IS NULL, COALESCE(${len(values) - 1}, ''), ${len(values)}::uuid)"
            after = f"{POSITION} {'<' if down else '>'} {at}"
        query = PAGE.format(
            key=self._key(),
            where=self._where,
            after=after,
            order=self._order("DESC" if down else "ASC"),
            limit=f"${len(self._values) + 1}::bigint",
            offset=f"${len(self._values) + 2}::bigint",
        )
        return list(await connection.fetch(query, *values))

    def _order(self, way: str) -> str:
        if self._request.sort_by is None:
            return f"id {way}"
        return f"key IS NULL {way}, COALESCE(key, '') COLLATE \"C\" {way}, id {way}"

    def _condition(self, name: str, model: type[Resource[Any]]) -> str:
        self._values.append(name)
        of_type = f"type = ${len(self._values)}"
        if self._request.filter is None:
            return of_type
        return f"{of_type} AND {SqlFilter(model, self._values).of(str(self._request.filter))}"

    def _key(self) -> str:
        keys = {name: sort_key(model, self._request) for name, model in self._models.items()}
        cases = " ".join(f"WHEN '{name}' THEN {key}" for name, key in keys.items())
        return f"CASE type {cases} END"

    def _resource(self, row: Any) -> Resource[Any]:
        return self._models[row["type"]].model_validate(row["resource"])


def _position(direction: Direction, row: Any) -> dict[str, Any]:
    return {"d": direction, "k": row["key"], "i": str(row["id"])}


def _read(position: Any) -> tuple[Direction, Anchor | None]:
    """Raises InvalidCursorException for one that is not ours."""
    if position is None:
        return "next", None
    try:
        direction, key, id_ = position["d"], position["k"], UUID(position["i"])
    except (TypeError, KeyError, ValueError):
        raise InvalidCursorException from None
    if direction not in ("next", "previous") or not isinstance(key, str | None):
        raise InvalidCursorException
    return direction, (key, id_)
