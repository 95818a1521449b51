"""What people do in the story and what can be seen of it afterwards; `chapters.py` tells it in order."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from flash_local import personas
from flash_local.identity import IdentityProvider
from flash_local.organisation import DIVISIONS, PARTNERS, SALES, Employee
from flash_local.story.cast import Cast
from flash_local.story.teller import StoryFailed, Teller

CRM = "CRM - Salesforce"
OTHER_SKILLS = ("Excel pivot tables", "Kubernetes", "Presentation skills", "Data analysis", "Project management")


class Deeds:
    """Calls through the gateway; what one deed makes known, such as ids, the next needs."""

    def __init__(self, teller: Teller, provider: IdentityProvider, cast: Cast, mentor_id: str, mail_url: str) -> None:
        self._teller = teller
        self._provider = provider
        self._cast = cast
        self.mentor_id = mentor_id
        self._mail_url = mail_url
        self.ids: dict[str, str] = {}
        self.skills: dict[str, str] = {}
        self.program = ""
        self.session = ""

    def push(self, events: list[dict[str, Any]]) -> Callable[[], Awaitable[Any]]:
        return lambda: personas.push(self._teller.client, self._teller.tokens["hr"], events)

    async def unit_is_called(self, name: str) -> bool:
        found = await self._teller.act("owner", "GET", f"/units?q={name}")
        return any(item["name"] == name for item in found["items"])

    async def program_body(self) -> dict[str, Any]:
        found = [await self.unit_id(name) for code, (name, _) in DIVISIONS.items() if code != PARTNERS]
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

    async def unit_id(self, name: str) -> str:
        found = await self._teller.act("owner", "GET", f"/units?q={name}")
        return next(str(item["unit_id"]) for item in found["items"] if item["name"] == name)

    async def everybody_evaluated(self, program: dict[str, Any]) -> bool:
        self.program = program["program_id"]
        shown = await self._teller.act("owner", "GET", f"/programs/{self.program}")
        return bool(shown["participation_progress"]["finished"]) and await self.search_knows_program()

    async def search_knows_program(self) -> bool:
        answer = await self._teller.call("learner", "GET", f"/programs/{self.program}/people")
        return answer.status_code == 200

    async def sign_in(self, employees: list[Employee]) -> None:
        people = {employee.number: employee for employee in employees}
        accounts = await personas.accounts_of(self._teller.client, self._teller.tokens["hr"], people)
        await self._provider.register(accounts)
        self._teller.tokens |= await personas.tokens_of(self._provider, people)
        self.ids = {account.login: account.person_id for account in accounts}

    async def skill_id(self, name: str) -> str:
        found = await self._teller.act("learner", "GET", f"/skills?q={name}")
        return next(str(item["skill_id"]) for item in found["items"] if item["label"] == name)

    def claims(self) -> dict[str, list[tuple[str, int]]]:
        """Which skills each colleague says to have: those of Sales and Marketing know their CRM, all know more."""
        people = [*self._cast.profiled, self._cast.newcomer, self._cast.leaver]
        return {
            person.number: [(CRM, 1 + n % 5)] * person.unit.startswith(SALES) + [(OTHER_SKILLS[n % 5], 1 + n % 4)]
            for n, person in enumerate(people)
        }

    def knowing(self, skill: str) -> set[str]:
        return {self.ids[who] for who, claims in self.claims().items() if any(name == skill for name, _ in claims)}

    async def complete(self, who: str, claims: list[tuple[str, int]], capacity: int | None = None) -> None:
        version = (await self._teller.act(who, "GET", "/me/profile"))["version"]
        body = {
            "skills": [{"skill_id": self.skills[name], "level": level, "last_used": today()} for name, level in claims],
            "experience": [{"title": "Project lead", "organisation": "Aurora Group", "since": "2022-01-01"}],
            "can_help_with": [f"Getting started with {claims[0][0]}"],
            "languages": ["en"],
        }
        await self._teller.act(who, "PUT", "/me/profile", body, **{"If-Match": f'"{version}"'})
        if capacity is not None:
            await self.take(who, capacity)

    async def take(self, who: str, capacity: int) -> None:
        present = await self._teller.act(who, "GET", "/me/availability")
        tag = {"If-Match": f'"{present["version"]}"'}
        await self._teller.act(who, "PUT", "/me/availability", {"capacity": capacity}, **tag)

    async def search(self, q: str, **params: str) -> dict[str, Any]:
        query = "&".join(f"{name}={value}" for name, value in {"q": q, "limit": "100", **params}.items())
        found: dict[str, Any] = await self._teller.act("learner", "GET", f"/programs/{self.program}/people?{query}")
        return found

    async def finds(self, q: str, person_ids: set[str]) -> bool:
        found = await self.search(q, available="any")
        return person_ids <= {item["person_id"] for item in found["items"]}

    async def check_search(self, spelling: str) -> None:
        """Everyone who has the skill there, best first, each with the reason, and facets with counts."""
        found = await self.search(spelling, unit="Sales and Marketing", skill=CRM, available="any")
        missing = {self.mentor_id, *self.knowing(CRM)} - {item["person_id"] for item in found["items"]}
        levels = [item["why"][0]["level"] for item in found["items"]]
        there = all("Sales and Marketing" in item["units"] for item in found["items"])
        if missing or not there or levels != sorted(levels, reverse=True) or not found["facets"]["unit"]:
            raise StoryFailed(f"missing {len(missing)}, all in the department: {there}, levels {levels}")
        self._teller.console.print(
            f"         {found['matching']} match, {found['available']} can take a request now; first: "
            f"{found['items'][0]['name']} ({found['items'][0]['why'][0]['text']})",
            style="dim",
        )

    async def ask(self, who: str, mentor_id: str, skill: str) -> Any:
        body = {
            "program_id": self.program,
            "mentor_id": mentor_id,
            "skill_id": self.skills[skill],
            "want_to_learn": f"How you use {skill}",
            "message": "Hello! Would you have half an hour for me?",
            "format": "lunch",
            "minutes": 30,
        }
        return await self._teller.act(who, "POST", "/sessions", body)

    async def step(self, who: str, step: str, body: Any = None, session: str = "") -> Any:
        return await self._teller.act(who, "POST", f"/sessions/{session or self.session}/{step}", body)

    async def is_listed(self, who: str, session_id: str) -> bool:
        listed = await self._teller.act(who, "GET", "/sessions?role=mentor&limit=100")
        return any(item["session_id"] == session_id for item in listed["items"])

    async def has_mail_about(self, who: str, session_id: str) -> bool:
        """Whether a mail to one of the personas leads to this session."""
        mails = f"{self._mail_url}/mails.json?to={personas.PERSONAS[who].email}"
        answer = await self._teller.client.get(mails)
        return any(f"/sessions/{session_id}" in mail["text"] for mail in answer.json())

    async def race(self) -> None:
        mentor = self._cast.newcomer.number
        await self.take(mentor, 1)
        learners = ("learner", self._cast.profiled[0].number)
        asked = [(await self.ask(who, self.ids[mentor], CRM))["session_id"] for who in learners]
        answers = await asyncio.gather(*(self._teller.call(mentor, "POST", f"/sessions/{s}/accept") for s in asked))
        statuses = [answer.status_code for answer in answers]
        if sorted(statuses) != [200, 409]:
            raise StoryFailed(f"expected one 200 and one 409, got {statuses}")
        for who, session in zip(learners, asked, strict=True):
            await self.step(who, "withdraw", session=session)

    async def relationship_shows(self) -> bool:
        met = await self._teller.act("learner", "GET", "/me/relationships")
        return any(item["program_id"] == self.program for item in met["items"])

    async def meet(self, learner: str, mentor: str) -> None:
        session = (await self.ask(learner, self.ids[mentor], OTHER_SKILLS[0]))["session_id"]
        await self.step(mentor, "messages", {"text": "With pleasure."}, session)
        await self.step(mentor, "accept", None, session)
        await self.step(learner, "held", {"held_on": today()}, session)
        for who in (learner, mentor):
            await self.step(who, "survey", {"helped": "solved", "rating": 4}, session)
            await self.step(who, "meet-again", {"wish": True}, session)

    async def report_says(self, relationships: int) -> bool:
        report = await self._teller.act("owner", "GET", f"/programs/{self.program}/report")
        made = report["metrics"]["relationships_made"]
        states = [objective["state"] for objective in report["objectives"]]
        return made["value"] == relationships and states == ["met", "not_enough_data"]

    def print_report(self, report: dict[str, Any]) -> None:
        for name in ("messages_exchanged", "relationships_made", "survey_response_ratio", "satisfaction_ratio"):
            figure = report["metrics"][name]
            self._teller.console.print(f"         {name}: {figure['value']} ({figure['state']})", style="dim")
        for objective in report["objectives"]:
            self._teller.console.print(f"         objective “{objective['text']}”: {objective['state']}", style="dim")

    async def not_found(self, person_id: str) -> bool:
        found = await self.search(CRM, available="any")
        return person_id not in {item["person_id"] for item in found["items"]}

    async def check_left(self, leaver_id: str) -> None:
        body = {
            "program_id": self.program,
            "mentor_id": leaver_id,
            "want_to_learn": "x",
            "message": "x",
            "format": "call",
        }
        refused = await self._teller.call("learner", "POST", "/sessions", body)
        if refused.status_code != 422:
            raise StoryFailed(f"asking the leaver was answered {refused.status_code}")
        if not await self.report_says(relationships=len(self._cast.pairs) + 1):
            raise StoryFailed("the report changed")


def today() -> str:
    return str(datetime.now(UTC).date())
