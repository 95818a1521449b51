"""Step 1 of the write path: a tap on a link. The link is all that these two routes ask for."""

from typing import Annotated, cast

from chassis.http import DatabaseDep
from chassis.problems import documented
from fastapi import APIRouter, Depends, Path, Request

from session_service import commands, one_tap
from session_service.answers import OneTapAnswer
from session_service.one_tap import Tap

router = APIRouter(prefix="/api/v1", tags=["one-tap"], responses=documented(404, 409, 422, 503))


def _tap(request: Request, token: Annotated[str, Path(max_length=1000)]) -> Tap:
    return one_tap.read(cast("str", request.app.state.link_key), token)


@router.get("/one-tap/{token}")
async def show_tap(tap: Annotated[Tap, Depends(_tap)], database: DatabaseDep) -> OneTapAnswer:
    """What a tap would do. Nothing is changed by looking."""
    return await commands.show_tap(database, tap)


@router.post("/one-tap/{token}")
async def take_tap(tap: Annotated[Tap, Depends(_tap)], database: DatabaseDep) -> OneTapAnswer:
    """Do what the link says, once."""
    return await commands.take_tap(database, tap)
