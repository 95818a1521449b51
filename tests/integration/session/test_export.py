"""Each of the two of a session takes their own data along: what they saw, and nothing that the other kept private."""

from tests.integration.session.conftest import World


async def test_an_export_holds_what_a_person_wrote_read_answered_and_wished(world: World) -> None:
    learner, mentor, stranger = [await world.person() for _ in range(3)]
    session_id = await world.held(learner, mentor)
    for by, helped, wish in ((learner, "solved", True), (mentor, "no", False)):
        survey = {"helped": helped, "rating": 4, "minutes_saved": None}
        assert (await world.post(by, f"/sessions/{session_id}/survey", survey)).status_code == 204
        assert (await world.post(by, f"/sessions/{session_id}/meet-again", {"wish": wish})).status_code == 204
    own, other = [(await world.get(who, "/me/sessions/export")).json() for who in (learner, mentor)]
    assert own["complete"]
    assert [session["want_to_learn"] for session in own["sessions"]] == ["Reports"]
    assert [message["text"] for message in own["messages"]] == [message["text"] for message in other["messages"]]
    assert own["messages"], "the first message"
    assert [[survey["helped"] for survey in export["surveys"]] for export in (own, other)] == [["solved"], ["no"]]
    assert [[wish["wish"] for wish in export["wishes"]] for export in (own, other)] == [[True], [False]]
    assert [notice["kind"] for notice in own["notices"]] == ["survey", "accepted"]
    assert (own["contact"]["name"], own["notice_preferences"]["digest_hour"]) == ("N", 8)
    foreign = (await world.get(stranger, "/me/sessions/export")).json()
    assert not any(foreign[name] for name in ("sessions", "messages", "surveys", "wishes", "relationships", "notices"))
