"""Who asks for a broader skill also finds those who have a kind or a part of it, after those who have it itself."""

from uuid import UUID

from flash_schemas.profile import ProfileChangedV1, SkillChangedV1

from tests.integration.search.conftest import World


async def cloud(world: World) -> tuple[UUID, UUID, UUID]:
    """Cloud computing, under it AWS, under that Lambda."""
    await world.program()
    top = await world.skill("Cloud computing", "cloud platforms")
    middle = await world.skill("AWS", broader_id=top)
    return top, middle, await world.skill("Lambda", broader_id=middle)


async def test_narrower_skills_come_after_the_skill_itself_and_before_words(world: World) -> None:
    top, middle, low = await cloud(world)
    parts = [middle, low, *[await world.skill(f"Service {number}", broader_id=top) for number in range(5)]]
    other = await world.skill("Welding")
    said = {
        "job_title": "Cloud computing",
        "bio": "Cloud computing is what I do",
        "can_help_with": ("Cloud computing",),
    }
    exact = world.person("Exact", (top, 1))
    several = world.person("Several", *((part, 5) for part in parts), bio=said["bio"])
    one, words = world.person("One", (low, 1)), world.person("Words", (other, 5), **said)
    await world.say(exact, several, one, words, *(world.person(f"Nobody {n}", (other, 5)) for n in range(20)))
    await world.settle()
    assert await world.names("cloud computing") == ["Exact", "Several", "One", "Words"]
    assert await world.names("cloud platforms") == ["Exact", "Several", "One"]
    assert await world.names("AWS") == ["Several", "One"], "nobody is found by what is broader than theirs"


async def test_the_answer_says_that_a_skill_is_narrower_than_the_one_asked_for(world: World) -> None:
    top, middle, low = await cloud(world)
    await world.say(world.person("Amara", (low, 4), (top, 2), (middle, 3)))
    await world.settle()
    answer = await world.ask("cloud computing")
    reasons = [why for why in answer["items"][0]["why"] if why["kind"] == "skill"]
    assert [(why["text"], why["skill_id"], why["narrower_than"]) for why in reasons] == [
        ("Cloud computing, level 2", str(top), None),
        ("AWS, level 3, which belongs to Cloud computing", str(middle), str(top)),
        ("Lambda, level 4, which belongs to Cloud computing", str(low), str(top)),
    ]
    assert [skill["label"] for skill in answer["skills"]] == ["Cloud computing"]


async def test_a_filter_means_the_skill_itself_and_facets_count_what_a_choice_leaves(world: World) -> None:
    top, middle, _ = await cloud(world)
    await world.say(world.person("Exact", (top, 1)), world.person("Narrower", (middle, 5)))
    await world.settle()
    assert await world.names(skill="Cloud computing") == ["Exact"]
    answer = await world.ask("cloud computing")
    assert answer["matching"] == answer["available"] == len(answer["items"]) == 2
    for value in answer["facets"]["skill"]:
        chosen = await world.ask("cloud computing", skill=value["value"])
        assert len(chosen["items"]) == value["count"], value["label"]


async def test_a_skill_that_is_hidden_leads_nobody_to_its_owner(world: World) -> None:
    _, middle, _ = await cloud(world)
    hidden = [
        world.person(seen_by, (middle, 5), visibility={"skills": seen_by}, bio="Hello")
        for seen_by in ("nobody", "unit")
    ]
    await world.say(*hidden)
    await world.settle()
    answer = await world.ask("cloud computing")
    assert (answer["items"], answer["matching"], answer["available"]) == ([], 0, 0)
    assert not any(answer["facets"].values())


async def test_a_skill_that_moves_in_the_vocabulary_is_found_by_its_new_place_without_indexing(world: World) -> None:
    top, middle, _ = await cloud(world)
    await world.say(world.person("Amara", (middle, 3)))
    await world.settle()
    moved = SkillChangedV1(skill_id=middle, change="edited", label="AWS", broader_id=await world.skill("Web shops"))
    await world.say(moved)
    assert await world.names("cloud computing") == []
    assert await world.names("web shops") == ["Amara"]
    assert top != middle


async def test_a_replay_teaches_what_an_older_release_did_not_keep(world: World) -> None:
    top, middle, _ = await cloud(world)
    person: ProfileChangedV1 = world.person("Amara", (middle, 3))
    await world.say(person)
    await world.settle()
    async with world.database.transaction() as transaction:
        await transaction.execute("UPDATE skill SET broader_id = NULL")
    await world.hear(SkillChangedV1(skill_id=middle, change="created", label="AWS", broader_id=top), 1)
    assert await world.names("cloud computing") == ["Amara"]
