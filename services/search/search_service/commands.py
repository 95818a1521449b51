"""The use case of the search service: one search, from the searcher's rights to an answer and its record."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from chassis import logs, outbox
from chassis.database import Database, Transaction, is_transient
from chassis.http import Cursor
from chassis.outbox import Outgoing
from chassis.problems import NotFound, Refused, Unavailable
from flash_schemas.search import SearchPerformedV1
from opensearchpy import OpenSearchException

from search_service import metrics, query, store, unlinked_store
from search_service.answers import Correction, LinkedSkill, PeoplePage, Presenter, sessions_a_month
from search_service.index import Index
from search_service.query import Choices, Scope
from search_service.store import Access
from search_service.understand import Understood, understand
from search_service.unlinked import asked_words, searcher_hash, term_of
from search_service.vocabulary import Vocabulary

log = logs.get(__name__)

FILTER_NEEDS = {
    "unit": "unit",
    "location": "location",
    "language": "languages",
    "job_level_min": "job_level",
    "job_level_max": "job_level",
}
"""Which of the program's filter fields each choice needs."""
FACET_NEEDS = {"unit": "unit", "location": "location", "job_level": "job_level", "language": "languages"}


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What a searcher asks; `skills` are names or ids as typed."""

    program_id: UUID
    searcher_id: UUID
    text: str
    skills: tuple[str, ...]
    choices: Choices
    cursor: str | None
    limit: int
    request_id: str


class Search:
    """Searches on one database and index, the vocabulary kept at hand between them."""

    def __init__(self, database: Database, index: Index, hash_key: str) -> None:
        self._database = database
        self._index = index
        self._hash_key = hash_key.encode()
        self._vocabulary = Vocabulary()
        self._skill_names = Vocabulary()
        self._vocabulary_changes = 0

    async def people(self, request: SearchRequest) -> PeoplePage:
        """Those who match, ranked. Raises NotFound, Refused, Unavailable."""
        access = await self._access(request)
        choices, scope = self._choices(request, access), _scope(request, access)
        today, after = datetime.now(UTC).date(), Cursor.decode(request.cursor, float, str)
        understood = await self._understood(request, scope, choices, self._names(access))
        choices = replace(choices, unit=choices.unit or understood.units)
        body = query.build(scope, understood, choices, today, after, request.limit)
        answer = await self._ask(body, request)
        page = self._page(request, access, understood, choices, answer, today)
        metrics.SEARCHES.labels("hits" if page.matching else "none").inc()
        if after is None:
            await self._record(request, choices, understood, page)
        return page

    async def _access(self, request: SearchRequest) -> Access:
        async with self._database.connection() as connection:
            access = await store.access(connection, request.program_id, request.searcher_id)
            if access is None or not _may_search(access, request):
                raise NotFound
            if access.changes != self._vocabulary_changes:
                self._vocabulary = await store.vocabulary(connection)
                self._skill_names = self._vocabulary.without_units()
                self._vocabulary_changes = access.changes
        return access

    def _names(self, access: Access) -> Vocabulary:
        """The names a query is read by. Where nobody filters by unit, not even a correction tells of one."""
        return self._vocabulary if "unit" in access.program["search_fields"]["filter"] else self._skill_names

    async def _understood(
        self, request: SearchRequest, scope: Scope, choices: Choices, names: Vocabulary
    ) -> Understood:
        """What the query means here: a unit that nobody is in is text, and so is any beside a unit that was chosen."""
        understood = understand(request.text, names)
        if not (understood.units or understood.doubtful):
            return understood
        answer = await self._ask(query.presence(scope, understood), request)
        present = query.present(understood, answer)
        return understand(request.text, names, replace(present, units=frozenset()) if choices.unit else present)

    def _choices(self, request: SearchRequest, access: Access) -> Choices:
        allowed = access.program["search_fields"]["filter"]
        for field, needed in FILTER_NEEDS.items():
            if getattr(request.choices, field) and needed not in allowed:
                metrics.SEARCHES.labels("refused").inc()
                raise Refused("This program does not offer this filter.", field=field)
        if request.choices.level_min and not request.skills:
            raise Refused("A level needs a skill that it is about.", field="level_min")
        return replace(request.choices, skill=tuple(self._skill_id(name) for name in request.skills))

    def _skill_id(self, name: str) -> UUID:
        try:
            found = self._vocabulary.canonical(UUID(name))
        except ValueError:
            found = self._vocabulary.find(name) or UUID(int=0)
        if found not in self._vocabulary.skills:
            raise Refused("There is no such skill; see /api/v1/skills.", field="skill")
        return found

    async def _ask(self, body: dict[str, Any], request: SearchRequest) -> dict[str, Any]:
        try:
            with metrics.SEARCH_SECONDS.time():
                return await self._index.search(body, request.request_id)
        except OpenSearchException as error:
            log.warning("search_failed", error=type(error).__name__, status=getattr(error, "status_code", None))
            raise Unavailable("Search does not answer at the moment. Try again in a few seconds.") from None

    def _page(
        self,
        request: SearchRequest,
        access: Access,
        understood: Understood,
        choices: Choices,
        answer: dict[str, Any],
        today: date,
    ) -> PeoplePage:
        asked = [*understood.skills, *understood.related, *choices.skill]
        presenter = Presenter(self._vocabulary, asked, understood.narrower, access.program, today)
        hits, found = answer["hits"]["hits"], answer["aggregations"]
        labels = {skill_id: self._vocabulary.label(skill_id) or "" for skill_id in understood.skills}
        return PeoplePage(
            search_id=uuid4(),
            matching=found["matching"]["doc_count"],
            available=found["available"]["doc_count"],
            items=[presenter.item(hit) for hit in hits],
            facets={name: presenter.facet(name, found[name]) for name in _facets(access)},
            skills=[LinkedSkill(skill_id=skill_id, label=label) for skill_id, label in labels.items()],
            units=list(understood.units),
            corrections=[Correction(typed=typed, read_as=read_as) for typed, read_as in understood.corrections],
            next_cursor=_cursor(hits, request.limit),
        )

    async def _record(self, request: SearchRequest, choices: Choices, understood: Understood, page: PeoplePage) -> None:
        """Say that it was searched. Whoever searches gets the answer also when this fails."""
        event = SearchPerformedV1(
            search_id=page.search_id,
            searcher_id=request.searcher_id,
            program_id=request.program_id,
            skill_ids=tuple(dict.fromkeys([*understood.skills, *choices.skill])),
            filters=tuple(name for name in FILTER_NEEDS if getattr(choices, name)),
            query_hash=self._hash(request.text),
            matching=page.matching,
            available=page.available,
            shown=tuple(item.person_id for item in page.items),
        )
        try:
            async with self._database.transaction() as transaction:
                version = await store.count_search(transaction, request.searcher_id)
                await outbox.append(transaction, [Outgoing(event, version)])
                await self._keep_unlinked(transaction, request, understood)
        except Exception as error:
            if not (is_transient(error) or isinstance(error, asyncpg.PostgresError)):
                raise
            log.warning("search_not_recorded", error=type(error).__name__)

    async def _keep_unlinked(self, transaction: Transaction, request: SearchRequest, understood: Understood) -> None:
        """Count a term that means no skill, where that can be done without knowing who searched it."""
        term = term_of(request.text, understood)
        if term and self._hash_key:
            searcher = searcher_hash(self._hash_key, term, request.searcher_id)
            today = datetime.now(UTC).date()
            await unlinked_store.keep_term(transaction, term, searcher, today, asked_words(request.text))

    def _hash(self, text: str) -> str | None:
        if not self._hash_key or not text:
            return None
        return hmac.new(self._hash_key, text.casefold().encode(), hashlib.sha256).hexdigest()


def _may_search(access: Access, request: SearchRequest) -> bool:
    if access.gone or access.program["status"] != "active":
        return False
    joined = any(part["program_id"] == str(request.program_id) for part in access.participations)
    return joined or str(request.searcher_id) in access.program["owners"]


def _scope(request: SearchRequest, access: Access) -> Scope:
    fields = tuple(access.program["search_fields"]["search"])
    limit = sessions_a_month(access.program)
    return Scope(request.program_id, request.searcher_id, fields, tuple(_facets(access)), limit, access.apart)


def _facets(access: Access) -> list[str]:
    allowed = access.program["search_fields"]["filter"]
    return ["skill", *(name for name, needed in FACET_NEEDS.items() if needed in allowed)]


def _cursor(hits: Sequence[dict[str, Any]], limit: int) -> str | None:
    return Cursor.encode(*hits[-1]["sort"]) if len(hits) == limit else None
