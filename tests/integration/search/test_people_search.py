"""Searching people as a learner does, on a real index."""

from typing import Any

import pytest
from flash_schemas.profile import Experience, SkillChangedV1
from flash_schemas.search import SearchPerformedV1
from search_service import store
from search_service.document import MAPPINGS, SETTINGS

from tests.integration.search.conftest import TODAY, World


@pytest.mark.parametrize("q", ["CRM - Salesforce", "salesforce crm", "SFDC", "who knows Salesfrce?"])
async def test_everyone_with_the_skill_is_found_however_it_is_typed(world: World, q: str) -> None:
    crm = await world.skill("CRM - Salesforce", "salesforce", "salesforce crm", "sfdc")
    await world.program()
    await world.say(world.person("Expert", (crm, 5)), world.person("Starter", (crm, 1)), world.person("Other"))
    await world.settle()
    assert await world.names(q) == ["Expert", "Starter"]


async def test_who_has_the_skill_comes_before_who_mentions_it(world: World) -> None:
    crm = await world.skill("CRM - Salesforce", "salesforce")
    await world.program()
    await world.say(
        world.person("Talker", bio="salesforce salesforce salesforce crm", can_help_with=("salesforce",)),
        world.person("Doer", (crm, 1)),
    )
    await world.settle()
    answer = await world.ask("salesforce")
    assert [item["name"] for item in answer["items"]] == ["Doer", "Talker"]
    assert answer["items"][0]["why"][0]["text"] == "CRM - Salesforce, level 1"
    assert answer["items"][1]["why"] == [] or answer["items"][1]["why"][0]["kind"] == "text"


async def test_a_department_in_the_sentence_narrows_the_result(world: World) -> None:
    crm = await world.skill("CRM - Salesforce")
    await world.program()
    await world.say(
        world.person("In", (crm, 3), units=("Aurora", "Sales and Marketing", "Customer Relations")),
        world.person("Out", (crm, 3), units=("Aurora", "Research")),
    )
    await world.settle()
    assert await world.names("someone in Sales and Marketing who knows CRM - Salesforce") == ["In"]
    assert await world.names("CRM - Salesforce", unit="Sales and Marketing") == ["In"]


async def test_facets_count_under_all_other_choices(world: World) -> None:
    crm, excel = await world.skill("CRM - Salesforce"), await world.skill("Excel")
    await world.program()
    await world.say(
        world.person("A", (crm, 3), location="Berlin"),
        world.person("B", (crm, 3), (excel, 2), location="Oslo"),
        world.person("C", (excel, 3), location="Oslo"),
    )
    await world.settle()
    answer = await world.ask(location="Oslo", skill="Excel")
    assert [item["name"] for item in answer["items"]] == ["C", "B"]
    counts = {facet["label"]: facet["count"] for facet in answer["facets"]["location"]}
    assert counts == {"Oslo": 2}
    skills = {facet["label"]: facet["count"] for facet in answer["facets"]["skill"]}
    assert skills == {"Excel": 2, "CRM - Salesforce": 1}


@pytest.mark.parametrize("q", ["李秀英", "秀英", "Öykü", "oyku", "Yılmaz", "محمد", "Nguyễn", "nguyen"])
async def test_names_in_any_script_are_found(world: World, q: str) -> None:
    await world.program()
    names = ["李秀英", "Öykü Yılmaz", "محمد الأحمد", "Nguyễn Văn An", "Smith"]
    await world.say(*(world.person(name) for name in names))
    await world.settle()
    found = await world.names(q)
    assert len(found) == 1
    assert found[0] != "Smith"


@pytest.mark.parametrize(
    ("bio", "q"),
    [
        ("プログラミングを教えます", "プログラミング"),
        ("プログラミングを教えます", "ﾌﾟﾛｸﾞﾗﾐﾝｸﾞ"),
        ("मैं हिन्दी सिखाती हूँ", "हिन्दी"),
        ("преподаю йогу", "йогу"),
        ("преподаю йогу", "ЙОГУ"),
        ("Ζω στην Αθήνα", "Αθήνα"),
        ("ο πολυμήχανος Οδυσσεύς", "Οδυσσεύς"),
        ("நான் தமிழ் கற்பிக்கிறேன்", "தமிழ்"),
    ],
)
async def test_words_in_any_script_are_found_as_they_are_written(world: World, bio: str, q: str) -> None:
    await world.program()
    await world.say(world.person("Meant", bio=bio), world.person("Other", bio="フロクラミンク हनद иогу Αθηνα"))
    await world.settle()
    assert (await world.names(q))[0] == "Meant"


async def test_a_text_match_says_where_and_quotes_only_what_is_shown(world: World) -> None:
    await world.program(search=("bio", "experience"), show=("bio",))
    past = Experience(title="Beekeeper", since=TODAY)
    await world.say(world.person("Bee", bio="keeps honeybees", experience=(past,)))
    await world.settle()
    shown = (await world.ask("honeybees"))["items"][0]["why"]
    hidden = (await world.ask("beekeeper"))["items"][0]["why"]
    assert [(reason["field"], reason["text"]) for reason in shown] == [("bio", "keeps honeybees")]
    assert [(reason["field"], reason["text"]) for reason in hidden] == [("experience", "found in experience")]


async def test_pages_hold_everybody_once(world: World) -> None:
    await world.program()
    await world.say(*(world.person(f"Person {n}") for n in range(7)))
    await world.settle()
    found, cursor = [], None
    while True:
        page = await world.ask(limit=3, **({"cursor": cursor} if cursor else {}))
        found += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert sorted(found) == [f"Person {n}" for n in range(7)]


async def test_a_merged_skill_finds_those_who_claimed_the_old_one(world: World) -> None:
    old, new = await world.skill("Lotus"), await world.skill("Excel")
    await world.program()
    await world.say(world.person("Veteran", (old, 4)))
    await world.settle()
    await world.say(SkillChangedV1(skill_id=old, change="merged", label="Lotus", retired=True, merged_into=new))
    await world.settle()
    assert await world.names("excel") == ["Veteran"]


async def test_a_level_narrows_to_that_skill(world: World) -> None:
    crm, excel = await world.skill("CRM"), await world.skill("Excel")
    await world.program()
    await world.say(world.person("A", (crm, 2), (excel, 5)), world.person("B", (crm, 4)))
    await world.settle()
    assert await world.names(skill="CRM", level_min=3) == ["B"]
    assert (await world.ask(level_min=3, status=422))["errors"][0]["field"] == "level_min"
    assert (await world.ask(skill="Nonsense", status=422))["errors"][0]["field"] == "skill"


async def test_a_search_is_recorded_without_its_words(world: World) -> None:
    crm = await world.skill("CRM")
    await world.program()
    person = world.person("A", (crm, 2))
    await world.say(person)
    await world.settle()
    await world.ask("crm secretword", location="Berlin")
    (event, version), *more = await world.api.events(SearchPerformedV1)
    assert not more
    assert version == 1
    assert event == SearchPerformedV1(
        search_id=event.search_id,
        searcher_id=world.searcher_id,
        program_id=world.program_id,
        skill_ids=(crm,),
        filters=("location",),
        query_hash=event.query_hash,
        matching=1,
        available=1,
        shown=(person.person_id,),
    )
    assert "secretword" not in event.model_dump_json()


@pytest.mark.parametrize("q", ['" OR name:*', "a:b", "name:A AND NOT x", "A~5", "<script>", "a" * 256])
async def test_query_syntax_is_just_words(world: World, q: str) -> None:
    await world.program()
    await world.say(world.person("Zo"))
    await world.settle()
    assert await world.names(q) == []


@pytest.mark.parametrize("q", ["", "(((", "*", "\\", "{}", "who knows"])
async def test_a_query_that_says_nothing_lists_everybody(world: World, q: str) -> None:
    await world.program()
    await world.say(world.person("Zo"))
    await world.settle()
    assert await world.names(q) == ["Zo"]


@pytest.mark.parametrize(("q", "found"), [("An Do", "An Do"), ("do", "An Do"), ("help me with An", "An Do")])
async def test_somebody_whose_name_is_a_filler_word_is_found_by_it(world: World, q: str, found: str) -> None:
    await world.program()
    await world.say(world.person("Zo"), world.person("An Do"))
    await world.settle()
    assert await world.names(q) == [found]


@pytest.mark.parametrize(("status", "answer"), [("active", 200), ("on_leave", 200), ("left", 404)])
async def test_an_owner_who_left_searches_no_more(world: World, status: str, answer: int) -> None:
    await world.program()
    await world.settle()
    await world.ask()
    await world.say(world.person("Owner", person_id=world.searcher_id, status=status, participations=()))
    await world.ask(status=answer)


async def test_without_opensearch_the_answer_says_so(world: World) -> None:
    await world.program()
    await world.settle()
    await world.index.client.indices.delete(index=f"{world.index.alias}-*")
    for q in ("", "who knows"):
        assert (await world.ask(q, status=503))["title"] == "Not available at the moment"


async def test_a_search_that_ran_out_of_time_is_not_answered_in_part(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.program()
    await world.say(world.person("Found", bio="knits"), world.person("Not reached", bio="knits"))
    await world.settle()
    search = world.index.client.search

    async def out_of_time(**asked: Any) -> Any:
        return {**await search(**asked), "timed_out": True}

    monkeypatch.setattr(world.index.client, "search", out_of_time)
    assert (await world.ask("knits", status=503))["title"] == "Not available at the moment"
    assert await world.api.events(SearchPerformedV1) == []


async def test_an_index_of_an_older_release_learns_the_fields_that_came_since(world: World) -> None:
    await world.program()
    known = {name: kind for name, kind in MAPPINGS["properties"].items() if name != "pauses"}  # type: ignore[attr-defined] # a mapping
    name = f"{world.index.alias}-1"
    body = {"settings": SETTINGS, "mappings": {**MAPPINGS, "properties": known}}
    await world.index.client.indices.create(index=name, body=body)
    await world.index.show(name)
    async with world.database.transaction() as transaction:
        await store.set_generations(transaction, {"live": name})
    assert (await world.ask())["items"] == []
    await world.say(world.person("New"))
    await world.settle()
    assert await world.names() == ["New"]


@pytest.mark.parametrize(
    ("field", "value", "q", "words"),
    [
        ("location", "São Paulo", "sao paulo", "São Paulo"),
        ("languages", ("Português", "English"), "portuges", "Português"),
        ("job_level", 17, "17", "17"),
    ],
)
async def test_place_languages_and_level_are_searched_by_their_words_where_they_are_chosen(
    world: World, field: str, value: Any, q: str, words: str
) -> None:
    await world.program(search=(field,), show=())
    await world.say(world.person("Meant", **{field: value}), world.person("Other"))
    await world.settle()
    (item,) = (await world.ask(q))["items"]
    assert (item["name"], item["why"][0]["field"], item["why"][0]["text"]) == ("Meant", field, f"found in {field}")
    await world.program(search=(field,), show=(field,))
    assert (await world.ask(q))["items"][0]["why"][0]["text"] == words
    await world.program(search=("bio",), show=(field,))
    assert await world.names(q) == []
