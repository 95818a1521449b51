"""The story itself, through the gateway alone: from an HR push to a program report, and somebody who leaves."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from flash_local import personas
from flash_local.identity import IdentityProvider
from flash_local.organisation import DIVISIONS, PARTNERS, SALES, Employee, event, unit, units
from flash_local.story.cast import Cast
from flash_local.story.teller import StoryFailed, Teller

CRM = "CRM - Salesforce"
OTHER_SKILLS = ("Excel pivot tables", "Kubernetes", "Presentation skills", "Data analysis", "Project management")
SPELLINGS = (CRM, "salesforce crm", "SFDC")
RENAMED = f"{SALES}-1"


class Story:
    """One telling: what is learned in a chapter is needed in the next."""

    def __init__(self, teller: Teller, provider: IdentityProvider, cast: Cast, mentor_id: str) -> None:
        self._teller = teller
        self._provider = provider
        self._cast = cast
        self._mentor_id = mentor_id
        self._ids: dict[str, str] = {}
        self._skills: dict[str, str] = {}
        self._program = ""
        self._session = ""

    async def tell(self) -> None:
        """All chapters. Raises StoryFailed at the first step that does not do what it should."""
        for chapter in (
            self.organisation,
            self.program,
            self.profiles,
            self.search,
            self.asking,
            self.meeting,
            self.others_meet,
            self.report,
            self.leaving,
        ):
            await chapter()

    async def organisation(self) -> None:
        """HR pushes everybody; then a joiner, a mover, a renamed department."""
        number, newcomer = self._cast.number, self._cast.newcomer
        mover, department = self._cast.company[number % len(self._cast.company)], f"Brand {number % 1000}"
        everybody = [*units(), *(employee.joined() for employee in self._cast.company)]
        await self._teller.tell(
            f"pushes {len(self._cast.company):,} people in five levels of units", "hr", self._push(everybody)
        )
        await self._teller.tell(
            "a joiner",
            "hr",
            self._push([newcomer.joined(), self._cast.leaver.joined()]),
            event=("flash.profile.changed.v1", lambda pushed: str(pushed["results"][0]["person_id"])),
        )
        moved = event("person_moved", number, mover.number, employee_number=mover.number, unit=f"{SALES}-3-N-1")
        await self._teller.tell(
            "a mover",
            "hr",
            self._push([moved]),
            event=("flash.profile.changed.v1", lambda pushed: str(pushed["results"][0]["person_id"])),
        )
        await self._teller.tell(
            f"renames a department to {department}",
            "hr",
            self._push([unit(RENAMED, department, SALES, number)]),
            visible=lambda _: self._unit_is_called(department),
        )

    async def program(self) -> None:
        """An owner starts a program."""
        body = await self._program_body()
        created = await self._teller.tell(
            "creates a program: objectives, who takes part, which fields can be searched",
            "owner",
            lambda: self._teller.act("owner", "POST", "/programs", body),
            event=("flash.program.changed.v1", lambda program: str(program["program_id"])),
            visible=self._everybody_evaluated,
        )
        self._program = created["program_id"]
        refused = await self._teller.call("outsider", "GET", f"/programs/{self._program}/people")
        if refused.status_code != 404:
            raise StoryFailed(f"the outsider should find no such program, but got {refused.status_code}")

    async def profiles(self) -> None:
        """Employees say what they know."""
        await self._sign_in([*self._cast.profiled, self._cast.newcomer, self._cast.leaver])
        self._skills = {name: await self._skill_id(name) for name in (CRM, *OTHER_SKILLS)}
        claims = self._claims()
        await self._teller.tell(
            f"{len(claims)} colleagues complete their profiles",
            "employees",
            lambda: asyncio.gather(*(self._complete(who, skills) for who, skills in claims.items())),
        )
        await self._teller.tell(
            f"says to know {CRM}, and how much time there is",
            "mentor",
            lambda: self._complete("mentor", [(CRM, 5)], capacity=50),
            event=("flash.availability.changed.v1", lambda _: self._mentor_id),
            visible=lambda _: self._finds(CRM, {self._mentor_id, *self._knowing(CRM)}),
        )

    async def search(self) -> None:
        """A learner searches, in three spellings, and opens a profile."""
        for spelling in SPELLINGS:
            await self._teller.tell(
                f'searches "{spelling}" in Sales and Marketing: everyone is found, with reasons',
                "learner",
                lambda spelling=spelling: self._check_search(spelling),  # type: ignore[misc] # bound now, not later
            )
        await self._teller.tell(
            "opens a profile",
            "learner",
            lambda: self._teller.act("learner", "GET", f"/people/{self._mentor_id}"),
        )

    async def asking(self) -> None:
        """She asks; the mentor answers and accepts; and of two accepts for one slot exactly one wins."""
        asked = await self._teller.tell(
            "asks for one session, with a message",
            "learner",
            lambda: self._ask("learner", self._mentor_id, CRM),
            event=("flash.session.requested.v1", lambda session: str(session["session_id"])),
            visible=lambda session: self._is_listed("mentor", session["session_id"]),
        )
        self._session = asked["session_id"]
        await self._teller.tell(
            "answers by message",
            "mentor",
            lambda: self._step("mentor", "messages", {"text": "Gladly. Lunch on Thursday?"}),
            event=("flash.message.sent.v1", lambda _: self._session),
        )
        await self._teller.tell(
            "accepts",
            "mentor",
            lambda: self._step("mentor", "accept"),
            event=("flash.session.accepted.v1", lambda _: self._session),
        )
        await self._teller.tell("two accepts for one slot: exactly one wins", "newcomer", self._race)

    async def meeting(self) -> None:
        """They meet, answer two taps, and both wish to meet again."""
        await self._teller.tell(
            "they hold the session",
            "learner",
            lambda: self._step("learner", "held", {"held_on": _today()}),
            event=("flash.session.held.v1", lambda _: self._session),
        )
        for who in ("learner", "mentor"):
            await self._teller.tell(
                "answers the two-tap survey",
                who,
                lambda who=who: self._step(who, "survey", {"helped": "solved", "rating": 5}),  # type: ignore[misc] # as above
                event=("flash.session.survey_answered.v1", lambda _: self._session),
            )
        await self._step("learner", "meet-again", {"wish": True})
        await self._teller.tell(
            "both, separately, wish to meet again: a relationship is made",
            "mentor",
            lambda: self._step("mentor", "meet-again", {"wish": True}),
            event=("flash.relationship.made.v1", lambda _: self._session),
            visible=lambda _: self._relationship_shows(),
        )

    async def others_meet(self) -> None:
        """More pairs, so that the report speaks of a group and of nobody in particular."""
        pairs = self._cast.pairs
        await self._teller.tell(
            f"{len(pairs)} more pairs meet and wish to meet again",
            "employees",
            lambda: asyncio.gather(*(self._meet(learner, mentor) for learner, mentor in pairs)),
        )

    async def report(self) -> None:
        """The owner reads how the program does."""
        expected = len(self._cast.pairs) + 1
        await self._teller.tell(
            "reads the report: messages, relationships, feedback, objectives",
            "owner",
            lambda: self._teller.act("owner", "GET", f"/programs/{self._program}/report"),
            visible=lambda _: self._report_says(relationships=expected),
        )
        self._print_report(await self._teller.act("owner", "GET", f"/programs/{self._program}/report"))

    async def leaving(self) -> None:
        """HR pushes a leaver: gone from search and from new requests; past figures stay."""
        leaver = self._cast.leaver
        leaver_id, number = self._ids[leaver.number], self._cast.number
        left = event("person_left", number, leaver.number, employee_number=leaver.number)
        await self._teller.tell(
            "a leaver is gone from search",
            "hr",
            self._push([left]),
            event=("flash.profile.changed.v1", lambda _: leaver_id),
            visible=lambda _: self._not_found(leaver_id),
        )
        await self._teller.tell(
            "nobody can ask the leaver; past figures stay",
            "learner",
            lambda: self._check_left(leaver_id),
        )

    def _push(self, events: list[dict[str, Any]]) -> Callable[[], Awaitable[Any]]:
        return lambda: personas.push(self._teller.client, self._teller.tokens["hr"], events)

    async def _unit_is_called(self, name: str) -> bool:
        found = await self._teller.act("owner", "GET", f"/units?q={name}")
        return any(item["name"] == name for item in found["items"])

    async def _program_body(self) -> dict[str, Any]:
        found = [await self._unit_id(name) for code, (name, _) in DIVISIONS.items() if code != PARTNERS]
        today = datetime.now(UTC).date()
        due = str(today + timedelta(days=120))
        lasting = {"text": "New contacts that last", "metric": "relationships_made", "target": 5, "smallest_cases": 1}
        helpful = {"text": "Sessions that help", "metric": "satisfaction_ratio", "target": 0.8, "smallest_cases": 100}
        return {
            "name": f"Know your colleagues {self._cast.number}",
            "objectives": [{**lasting, "due": due}, {**helpful, "due": due}],
            "eligibility": {"units": [{"unit_id": unit_id} for unit_id in found], "job_levels": list(range(1, 13))},
            "request_policy": {"sessions_per_mentor_and_month": 50},
            "starts_on": str(today.replace(day=1)),
        }

    async def _unit_id(self, name: str) -> str:
        found = await self._teller.act("owner", "GET", f"/units?q={name}")
        return next(str(item["unit_id"]) for item in found["items"] if item["name"] == name)

    async def _everybody_evaluated(self, program: dict[str, Any]) -> bool:
        self._program = program["program_id"]
        shown = await self._teller.act("owner", "GET", f"/programs/{self._program}")
        return bool(shown["participation_progress"]["finished"]) and await self._search_knows_program()

    async def _search_knows_program(self) -> bool:
        answer = await self._teller.call("learner", "GET", f"/programs/{self._program}/people")
        return answer.status_code == 200

    async def _sign_in(self, employees: list[Employee]) -> None:
        people = {employee.number: employee for employee in employees}
        accounts = await personas.accounts_of(self._teller.client, self._teller.tokens["hr"], people)
        await self._provider.register(accounts)
        self._teller.tokens |= await personas.tokens_of(self._provider, people)
        self._ids = {account.login: account.person_id for account in accounts}

    async def _skill_id(self, name: str) -> str:
        found = await self._teller.act("learner", "GET", f"/skills?q={name}")
        return next(str(item["skill_id"]) for item in found["items"] if item["label"] == name)

    def _claims(self) -> dict[str, list[tuple[str, int]]]:
        """Which skills each colleague says to have: those of Sales and Marketing know their CRM, all know more."""
        people = [*self._cast.profiled, self._cast.newcomer, self._cast.leaver]
        return {
            person.number: [(CRM, 1 + n % 5)] * person.unit.startswith(SALES) + [(OTHER_SKILLS[n % 5], 1 + n % 4)]
            for n, person in enumerate(people)
        }

    def _knowing(self, skill: str) -> set[str]:
        return {self._ids[who] for who, claims in self._claims().items() if any(name == skill for name, _ in claims)}

    async def _complete(self, who: str, claims: list[tuple[str, int]], capacity: int | None = None) -> None:
        version = (await self._teller.act(who, "GET", "/me/profile"))["version"]
        body = {
            "skills": [
                {"skill_id": self._skills[name], "level": level, "last_used": _today()} for name, level in claims
            ],
            "experience": [{"title": "Project lead", "organisation": "Aurora Group", "since": "2022-01-01"}],
            "can_help_with": [f"Getting started with {claims[0][0]}"],
            "languages": ["en"],
        }
        await self._teller.act(who, "PUT", "/me/profile", body, **{"If-Match": f'"{version}"'})
        if capacity is not None:
            await self._take(who, capacity)

    async def _take(self, who: str, capacity: int) -> None:
        present = await self._teller.act(who, "GET", "/me/availability")
        tag = {"If-Match": f'"{present["version"]}"'}
        await self._teller.act(who, "PUT", "/me/availability", {"capacity": capacity}, **tag)

    async def _search(self, q: str, **params: str) -> dict[str, Any]:
        query = "&".join(f"{name}={value}" for name, value in {"q": q, "limit": "100", **params}.items())
        found: dict[str, Any] = await self._teller.act("learner", "GET", f"/programs/{self._program}/people?{query}")
        return found

    async def _finds(self, q: str, person_ids: set[str]) -> bool:
        found = await self._search(q, available="any")
        return person_ids <= {item["person_id"] for item in found["items"]}

    async def _check_search(self, spelling: str) -> None:
        """Everyone who has the skill there, best first, each with the reason, and facets with counts."""
        found = await self._search(spelling, unit="Sales and Marketing", skill=CRM, available="any")
        missing = {self._mentor_id, *self._knowing(CRM)} - {item["person_id"] for item in found["items"]}
        levels = [item["why"][0]["level"] for item in found["items"]]
        there = all("Sales and Marketing" in item["units"] for item in found["items"])
        if missing or not there or levels != sorted(levels, reverse=True) or not found["facets"]["unit"]:
            raise StoryFailed(f"missing {len(missing)}, all in the department: {there}, levels {levels}")
        self._teller.console.print(
            f"         {found['matching']} match, {found['available']} can take a request now; first: "
            f"{found['items'][0]['name']} ({found['items'][0]['why'][0]['text']})",
            style="dim",
        )

    async def _ask(self, who: str, mentor_id: str, skill: str) -> Any:
        body = {
            "program_id": self._program,
            "mentor_id": mentor_id,
            "skill_id": self._skills[skill],
            "want_to_learn": f"How you use {skill}",
            "message": "Hello! Would you have half an hour for me?",
            "format": "lunch",
            "minutes": 30,
        }
        return await self._teller.act(who, "POST", "/sessions", body)

    async def _step(self, who: str, step: str, body: Any = None, session: str = "") -> Any:
        return await self._teller.act(who, "POST", f"/sessions/{session or self._session}/{step}", body)

    async def _is_listed(self, who: str, session_id: str) -> bool:
        listed = await self._teller.act(who, "GET", "/sessions?role=mentor&limit=100")
        return any(item["session_id"] == session_id for item in listed["items"])

    async def _race(self) -> None:
        mentor = self._cast.newcomer.number
        await self._take(mentor, 1)
        learners = ("learner", self._cast.profiled[0].number)
        asked = [(await self._ask(who, self._ids[mentor], CRM))["session_id"] for who in learners]
        answers = await asyncio.gather(*(self._teller.call(mentor, "POST", f"/sessions/{s}/accept") for s in asked))
        statuses = [answer.status_code for answer in answers]
        if sorted(statuses) != [200, 409]:
            raise StoryFailed(f"expected one 200 and one 409, got {statuses}")
        for who, session in zip(learners, asked, strict=True):
            await self._step(who, "withdraw", session=session)

    async def _relationship_shows(self) -> bool:
        met = await self._teller.act("learner", "GET", "/me/relationships")
        return any(item["program_id"] == self._program for item in met["items"])

    async def _meet(self, learner: str, mentor: str) -> None:
        session = (await self._ask(learner, self._ids[mentor], OTHER_SKILLS[0]))["session_id"]
        await self._step(mentor, "messages", {"text": "With pleasure."}, session)
        await self._step(mentor, "accept", None, session)
        await self._step(learner, "held", {"held_on": _today()}, session)
        for who in (learner, mentor):
            await self._step(who, "survey", {"helped": "solved", "rating": 4}, session)
            await self._step(who, "meet-again", {"wish": True}, session)

    async def _report_says(self, relationships: int) -> bool:
        report = await self._teller.act("owner", "GET", f"/programs/{self._program}/report")
        made = report["metrics"]["relationships_made"]
        states = [objective["state"] for objective in report["objectives"]]
        return made["value"] == relationships and states == ["met", "not_enough_data"]

    def _print_report(self, report: dict[str, Any]) -> None:
        for name in ("messages_exchanged", "relationships_made", "survey_response_ratio", "satisfaction_ratio"):
            figure = report["metrics"][name]
            self._teller.console.print(f"         {name}: {figure['value']} ({figure['state']})", style="dim")
        for objective in report["objectives"]:
            self._teller.console.print(f"         objective “{objective['text']}”: {objective['state']}", style="dim")

    async def _not_found(self, person_id: str) -> bool:
        found = await self._search(CRM, available="any")
        return person_id not in {item["person_id"] for item in found["items"]}

    async def _check_left(self, leaver_id: str) -> None:
        body = {
            "program_id": self._program,
            "mentor_id": leaver_id,
            "want_to_learn": "x",
            "message": "x",
            "format": "call",
        }
        refused = await self._teller.call("learner", "POST", "/sessions", body)
        if refused.status_code != 422:
            raise StoryFailed(f"asking the leaver was answered {refused.status_code}")
        if not await self._report_says(relationships=len(self._cast.pairs) + 1):
            raise StoryFailed("the report changed")


def _today() -> str:
    return str(datetime.now(UTC).date())
