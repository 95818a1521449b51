"""The story itself, through the gateway alone: from an HR push to a program report, and somebody who leaves."""

import asyncio

from flash_local.organisation import SALES, event, unit, units
from flash_local.story.cast import Cast
from flash_local.story.deeds import CRM, OTHER_SKILLS, Deeds, today
from flash_local.story.teller import StoryFailed, Teller

SPELLINGS = (CRM, "salesforce crm", "SFDC")
RENAMED = f"{SALES}-1"


class Story:
    """One telling, chapter by chapter."""

    def __init__(self, teller: Teller, cast: Cast, deeds: Deeds) -> None:
        self._teller = teller
        self._cast = cast
        self._do = deeds

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
            f"pushes {len(self._cast.company):,} people in five levels of units", "hr", self._do.push(everybody)
        )
        await self._teller.tell(
            "a joiner",
            "hr",
            self._do.push([newcomer.joined(), self._cast.leaver.joined()]),
            event=("flash.profile.changed.v1", lambda pushed: str(pushed["results"][0]["person_id"])),
        )
        moved = event("person_moved", number, mover.number, employee_number=mover.number, unit=f"{SALES}-3-N-1")
        await self._teller.tell(
            "a mover",
            "hr",
            self._do.push([moved]),
            event=("flash.profile.changed.v1", lambda pushed: str(pushed["results"][0]["person_id"])),
        )
        await self._teller.tell(
            f"renames a department to {department}",
            "hr",
            self._do.push([unit(RENAMED, department, SALES, number)]),
            visible=lambda _: self._do.unit_is_called(department),
        )

    async def program(self) -> None:
        """An owner starts a program."""
        body = await self._do.program_body()
        created = await self._teller.tell(
            "creates a program: objectives, who takes part, which fields can be searched",
            "owner",
            lambda: self._teller.act("owner", "POST", "/programs", body),
            event=("flash.program.changed.v1", lambda program: str(program["program_id"])),
            visible=self._do.everybody_evaluated,
        )
        self._do.program = created["program_id"]
        refused = await self._teller.call("outsider", "GET", f"/programs/{self._do.program}/people")
        if refused.status_code != 404:
            raise StoryFailed(f"the outsider should find no such program, but got {refused.status_code}")

    async def profiles(self) -> None:
        """Employees say what they know."""
        await self._do.sign_in([*self._cast.profiled, self._cast.newcomer, self._cast.leaver])
        self._do.skills = {name: await self._do.skill_id(name) for name in (CRM, *OTHER_SKILLS)}
        claims = self._do.claims()
        await self._teller.tell(
            f"{len(claims)} colleagues complete their profiles",
            "employees",
            lambda: asyncio.gather(*(self._do.complete(who, skills) for who, skills in claims.items())),
        )
        await self._teller.tell(
            f"says to know {CRM}, and how much time there is",
            "mentor",
            lambda: self._do.complete("mentor", [(CRM, 5)], capacity=50),
            event=("flash.availability.changed.v1", lambda _: self._do.mentor_id),
            visible=lambda _: self._do.finds(CRM, {self._do.mentor_id, *self._do.knowing(CRM)}),
        )

    async def search(self) -> None:
        """A learner searches, in three spellings, and opens a profile."""
        for spelling in SPELLINGS:
            await self._teller.tell(
                f'searches "{spelling}" in Sales and Marketing: everyone is found, with reasons',
                "learner",
                lambda spelling=spelling: self._do.check_search(spelling),  # type: ignore[misc] # bound now, not later
            )
        await self._teller.tell(
            "opens a profile",
            "learner",
            lambda: self._teller.act("learner", "GET", f"/people/{self._do.mentor_id}"),
        )

    async def asking(self) -> None:
        """She asks; the mentor answers and accepts; and of two accepts for one slot exactly one wins."""
        asked = await self._teller.tell(
            "asks for one session, with a message",
            "learner",
            lambda: self._do.ask("learner", self._do.mentor_id, CRM),
            event=("flash.session.requested.v1", lambda session: str(session["session_id"])),
            visible=lambda session: self._do.is_listed("mentor", session["session_id"]),
        )
        self._do.session = asked["session_id"]
        await self._teller.tell(
            "has a mail about it, in two forms, with nothing that the learner wrote",
            "mentor",
            lambda: asyncio.sleep(0),
            visible=lambda _: self._do.has_mail_about("mentor", self._do.session),
        )
        await self._teller.tell(
            "answers by message",
            "mentor",
            lambda: self._do.step("mentor", "messages", {"text": "Gladly. Lunch on Thursday?"}),
            event=("flash.message.sent.v1", lambda _: self._do.session),
        )
        await self._teller.tell(
            "accepts",
            "mentor",
            lambda: self._do.step("mentor", "accept"),
            event=("flash.session.accepted.v1", lambda _: self._do.session),
        )
        await self._teller.tell("two accepts for one slot: exactly one wins", "newcomer", self._do.race)

    async def meeting(self) -> None:
        """They meet, answer two taps, and both wish to meet again."""
        await self._teller.tell(
            "they hold the session",
            "learner",
            lambda: self._do.step("learner", "held", {"held_on": today()}),
            event=("flash.session.held.v1", lambda _: self._do.session),
        )
        for who in ("learner", "mentor"):
            await self._teller.tell(
                "answers the two-tap survey",
                who,
                lambda who=who: self._do.step(who, "survey", {"helped": "solved", "rating": 5}),  # type: ignore[misc] # as above
                event=("flash.session.survey_answered.v1", lambda _: self._do.session),
            )
        await self._do.step("learner", "meet-again", {"wish": True})
        await self._teller.tell(
            "both, separately, wish to meet again: a relationship is made",
            "mentor",
            lambda: self._do.step("mentor", "meet-again", {"wish": True}),
            event=("flash.relationship.made.v1", lambda _: self._do.session),
            visible=lambda _: self._do.relationship_shows(),
        )

    async def others_meet(self) -> None:
        """More pairs, so that the report speaks of a group and of nobody in particular."""
        pairs = self._cast.pairs
        await self._teller.tell(
            f"{len(pairs)} more pairs meet and wish to meet again",
            "employees",
            lambda: asyncio.gather(*(self._do.meet(learner, mentor) for learner, mentor in pairs)),
        )

    async def report(self) -> None:
        """The owner reads how the program does."""
        expected = len(self._cast.pairs) + 1
        await self._teller.tell(
            "reads the report: messages, relationships, feedback, objectives",
            "owner",
            lambda: self._teller.act("owner", "GET", f"/programs/{self._do.program}/report"),
            visible=lambda _: self._do.report_says(relationships=expected),
        )
        self._do.print_report(await self._teller.act("owner", "GET", f"/programs/{self._do.program}/report"))

    async def leaving(self) -> None:
        """HR pushes a leaver: gone from search and from new requests; past figures stay."""
        leaver = self._cast.leaver
        leaver_id, number = self._do.ids[leaver.number], self._cast.number
        left = event("person_left", number, leaver.number, employee_number=leaver.number)
        await self._teller.tell(
            "a leaver is gone from search",
            "hr",
            self._do.push([left]),
            event=("flash.profile.changed.v1", lambda _: leaver_id),
            visible=lambda _: self._do.not_found(leaver_id),
        )
        await self._teller.tell(
            "nobody can ask the leaver; past figures stay",
            "learner",
            lambda: self._do.check_left(leaver_id),
        )
