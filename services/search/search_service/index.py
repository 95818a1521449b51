"""Step 7 of the data's way: what changed in the projection goes to OpenSearch, safe to repeat at any point.

A document carries its version, and OpenSearch refuses an older or equal one: a batch that was sent but not marked is
sent again and changes nothing.
"""

import math
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import orjson
from chassis import failpoints, logs
from chassis.database import Database
from opensearchpy import AsyncOpenSearch, ConnectionTimeout, OpenSearchException

from search_service import metrics, store
from search_service.document import HIDDEN_FROM_ALL, MAPPINGS, SETTINGS, document
from search_service.settings import Settings
from search_service.store import Indexed, Pending

log = logs.get(__name__)

OUTCOMES = {200: "indexed", 201: "indexed", 409: "stale", 400: "parked"}
"""What OpenSearch says of a document. Anything else is a state of the index (full, closed to writing, not there) and
is waited for; only what it cannot read is set aside.
"""

MEASURED_EVERY_S = 1
PAGE = 5_000
PAGE_KEPT = "5m"


class Index:
    """The OpenSearch side: index generations under one alias that shows nobody who is deleted."""

    def __init__(self, settings: Settings) -> None:
        self.alias = f"{settings.topic_prefix}people"
        self._settings = settings
        self._client: AsyncOpenSearch | None = None

    async def open(self) -> None:
        """Make the client; it connects when first used."""
        self._client = AsyncOpenSearch(
            hosts=[self._settings.opensearch_url],
            timeout=self._settings.index_timeout_ms / 1000,
            max_retries=0,
        )

    async def close(self) -> None:
        """Let the connections go."""
        if self._client:
            await self._client.close()

    @property
    def client(self) -> AsyncOpenSearch:
        """The shared client."""
        assert self._client, "open() comes first"
        return self._client

    async def ping(self) -> None:
        """Raise when OpenSearch does not answer."""
        await self.client.info()

    async def exists(self, name: str) -> bool:
        """Whether there is such an index. Raises OpenSearchException."""
        return bool(await self.client.indices.exists(index=name))

    async def create(self, name: str) -> None:
        """Make an index, if it is not there."""
        if not await self.exists(name):
            await self.client.indices.create(index=name, body={"settings": SETTINGS, "mappings": MAPPINGS})

    async def extend(self, name: str) -> None:
        """Teach an index that an older release made the fields that came since. Raises OpenSearchException."""
        await self.client.indices.put_mapping(index=name, body={"properties": MAPPINGS["properties"]})

    async def drop(self, name: str) -> None:
        """Remove an index, if it is there."""
        await self.client.indices.delete(index=name, ignore_unavailable=True)

    async def show(self, name: str) -> None:
        """Have the alias mean this index and no other, at once."""
        shown = {"index": name, "alias": self.alias, "filter": {"term": {HIDDEN_FROM_ALL: False}}}
        held = await self.client.indices.get_alias(name=self.alias, ignore=[404])
        removed = [
            {"remove": {"index": old, "alias": self.alias}} for old in held if old not in ("error", "status", name)
        ]
        await self.client.indices.update_aliases(body={"actions": [*removed, {"add": shown}]})

    async def refresh(self, name: str) -> None:
        """Make everything that was sent visible."""
        await self.client.indices.refresh(index=name)

    async def search(self, body: dict[str, Any], request_id: str) -> dict[str, Any]:
        """Ask the alias. Raises OpenSearchException, also when time ran out and only a part was looked through."""
        timeout_s = self._settings.search_timeout_ms / 1000
        answer: dict[str, Any] = await self.client.search(
            index=self.alias,
            body=body,
            params={"timeout": f"{self._settings.search_timeout_ms}ms", "request_timeout": timeout_s + 1},
            headers={"X-Opaque-Id": request_id},
        )
        if answer["timed_out"]:
            raise ConnectionTimeout("TIMEOUT", "answered in part", None)
        return answer

    async def versions(self, name: str) -> AsyncIterator[dict[UUID, int]]:
        """Every document's version in an index, as of now, page by page. Raises OpenSearchException."""
        await self.refresh(name)
        pit = (await self.client.create_pit(index=name, params={"keep_alive": PAGE_KEPT}))["pit_id"]
        body: dict[str, Any] = {"size": PAGE, "sort": [{"person_id": "asc"}], "_source": False, "version": True}
        body |= {"pit": {"id": pit, "keep_alive": PAGE_KEPT}, "track_total_hits": False}
        try:
            while hits := (await self.client.search(body=body))["hits"]["hits"]:
                yield {UUID(hit["_id"]): hit["_version"] for hit in hits}
                body["search_after"] = hits[-1]["sort"]
        finally:
            await self.client.delete_pit(body={"pit_id": [pit]})

    async def versions_of(self, name: str, person_ids: Sequence[UUID]) -> dict[UUID, int]:
        """The versions of these people's documents, of those that there are. Raises OpenSearchException."""
        body = {"ids": [str(person_id) for person_id in person_ids]}
        answer = await self.client.mget(index=name, body=body, params={"_source": "false"})
        return {UUID(item["_id"]): item["_version"] for item in answer["docs"] if item["found"]}

    async def send(self, generation: str, documents: Sequence[tuple[Pending, dict[str, Any]]]) -> list[dict[str, Any]]:
        """Send documents with their versions; what OpenSearch says of each, in order. Raises OpenSearchException."""
        lines: list[bytes] = []
        for row, source in documents:
            action = {"_id": str(row.person_id), "version": row.doc_version, "version_type": "external"}
            lines += [orjson.dumps({"index": action}), orjson.dumps(source)]
        answer = await self.client.bulk(index=generation, body=b"\n".join(lines) + b"\n", params={"_source": "false"})
        return [item["index"] for item in answer["items"]]


class Indexer:
    """Brings the indexes up to date, a batch at a time."""

    def __init__(self, database: Database, index: Index, batch_documents: int) -> None:
        self._database = database
        self._index = index
        self._batch_documents = batch_documents
        self._measured_at = -math.inf
        self._extended: set[str] = set()

    async def run(self) -> bool:
        """Index the next batch; True when there may be more. OpenSearch being away is waited for."""
        try:
            await self._ensure_live()
            more = await self._index_batch()
        except OpenSearchException as error:
            log.warning("index_not_reached", error=type(error).__name__)
            more = False
        await self._measure()
        return more

    async def _ensure_live(self) -> None:
        """On the very first run there is no index at all."""
        async with self._database.connection() as connection:
            if "live" in await store.generations(connection):
                return
        async with self._database.transaction() as transaction:
            names = await store.lock_generations(transaction)
            if "live" in names:
                return
            name = f"{self._index.alias}-{await store.next_index_number(transaction)}"
            await self._index.create(name)
            await self._index.show(name)
            await store.set_generations(transaction, {**names, "live": name})
            await store.index_all_again(transaction)

    async def _index_batch(self) -> bool:
        async with self._database.connection() as connection:
            merged = await store.merged_skills(connection)
            rows = await store.pending(connection, self._batch_documents)
        if not rows:
            return False
        assert rows[0].generations, "without an index nothing may be marked as indexed"
        await self._extend(rows[0].generations)
        documents = [(row, document(row.person_id, row.profile, row.availability, merged)) for row in rows]
        failpoints.passing("index.sending")
        outcomes = [await self._index.send(generation, documents) for generation in rows[0].generations]
        failpoints.passing("index.sent")
        marks = [mark for row, *items in zip(rows, *outcomes, strict=True) if (mark := _mark(row, items))]
        if marks:
            async with self._database.transaction() as transaction:
                await store.mark_indexed(transaction, marks)
        return len(marks) == len(rows)

    async def _extend(self, generations: Sequence[str]) -> None:
        """Once in this process's life: a strict index refuses documents with a field that it does not know."""
        for name in set(generations) - self._extended:
            await self._index.extend(name)
            self._extended.add(name)

    async def _measure(self) -> None:
        """Once a second at most: counting takes the longer the more there is to do."""
        if time.monotonic() - self._measured_at < MEASURED_EVERY_S:
            return
        self._measured_at = time.monotonic()
        async with self._database.connection() as connection:
            documents, seconds = await store.behind(connection)
        metrics.BEHIND_DOCUMENTS.set(documents)
        metrics.BEHIND_SECONDS.set(seconds)


def _mark(row: Pending, items: Sequence[dict[str, Any]]) -> Indexed | None:
    """What to remember of a row by what every index said; None to try it again."""
    for item in items:
        status = item["status"]
        outcome = OUTCOMES.get(status, "retried")
        metrics.DOCUMENTS.labels(outcome).inc()
        if outcome == "retried":
            return None
        if outcome == "parked":
            reason = item["error"]["type"]
            log.error("document_parked", person_id=str(row.person_id), reason=reason)
            return Indexed(row.person_id, row.indexed_version, row.indexed_version, reason)
    return Indexed(row.person_id, row.indexed_version, row.doc_version)
