"""Step 1 of the write path: a tap on a link, as a page for people and as JSON. The link is all that it asks for."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, cast

from chassis.http import DatabaseDep
from chassis.problems import Conflict, NotFound, documented
from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, Response

from session_service import commands, one_tap
from session_service.answers import OneTapAnswer
from session_service.api.notices import PAGE_HEADERS, PostDep
from session_service.model import NoSlotLeft
from session_service.notices.rendering import LANGUAGES
from session_service.one_tap import Tap

PAGE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/html": {}}, "description": "A page with one button, for who accepts one."}
}
router = APIRouter(prefix="/api/v1", tags=["one-tap"], responses={**documented(404, 409, 422, 503), **PAGE})
Do = Callable[[Tap], Awaitable[OneTapAnswer]]
Answer = Callable[[Do], Awaitable[OneTapAnswer | Response]]


def _answering(
    request: Request, token: Annotated[str, Path(max_length=1000)], post: PostDep, language: str = ""
) -> Answer:
    """Answers in the form that the caller reads."""
    key = cast("str", request.app.state.link_key)

    async def as_json(do: Do) -> OneTapAnswer:
        return await do(one_tap.read(key, token))

    async def as_page(do: Do) -> Response:
        action: one_tap.Action = "accept"
        try:
            tap = one_tap.read(key, token)
            action = tap.action
            answer, status = await do(tap), 200
            state = "open" if answer.possible else "over" if request.method == "GET" else "done"
        except (Conflict, NotFound) as problem:
            state, status = "full" if isinstance(problem, NoSlotLeft) else "over", problem.status
        read_in = language if language in LANGUAGES else post.default_language
        page = post.renderer.one_tap_page(read_in, action, state)
        return HTMLResponse(page, status, headers={**PAGE_HEADERS, "Vary": "Accept"})

    return as_page if "text/html" in request.headers.get("Accept", "") else as_json


AnswerDep = Annotated[Answer, Depends(_answering)]


@router.get("/one-tap/{token}", response_model=OneTapAnswer)
async def show_tap(answer: AnswerDep, database: DatabaseDep) -> OneTapAnswer | Response:
    """What a tap would do, for people as a page with one button. Nothing is changed by looking."""
    return await answer(lambda tap: commands.show_tap(database, tap))


@router.post("/one-tap/{token}", response_model=OneTapAnswer)
async def take_tap(answer: AnswerDep, database: DatabaseDep) -> OneTapAnswer | Response:
    """Do what the link says, once."""
    return await answer(lambda tap: commands.take_tap(database, tap))
