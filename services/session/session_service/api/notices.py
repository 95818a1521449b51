"""Steps 1 of the write path and of the read path: notices in the app, what reaches somebody, and the end of a mail."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from chassis.http import Cursor, DatabaseDep, IfMatch, etag
from chassis.problems import documented
from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import HTMLResponse

from session_service import store
from session_service.answers.notices import NoticeAnswer, NoticePage, PreferencesAnswer
from session_service.api.common import ROUTES, Employee, Limit, Position
from session_service.commands import notices as notice_commands
from session_service.notices.links import Unsubscription
from session_service.notices.post import Post
from session_service.notices.preferences import CHANNELS
from session_service.notices.writing import titles
from session_service.requests.notices import PreferencesBody, ReadBody
from session_service.store import deliveries, notices

router = APIRouter(**ROUTES)
open_router = APIRouter(prefix="/api/v1/notices", tags=["notices"], responses=documented(404, 422, 503))
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
}


def get_post(request: Request) -> Post:
    """The deployment's ways out, for dependencies."""
    return cast("Post", request.app.state.post)


PostDep = Annotated[Post, Depends(get_post)]


def _signed(token: Annotated[str, Path(max_length=1_000)], post: PostDep) -> Unsubscription:
    return post.links.read(token)


Signed = Annotated[Unsubscription, Depends(_signed)]


@router.get("/me/notices", tags=["me"])
async def list_notices(
    caller: Employee, database: DatabaseDep, post: PostDep, cursor: Position = None, limit: Limit = 20
) -> NoticePage:
    """What the caller was told, newest first; looking at it does not make it read."""
    async with database.connection() as connection:
        found = await notices.feed(connection, caller.person, Cursor.decode(cursor, datetime, UUID), limit + 1)
        unread = await notices.count_unread(connection, caller.person)
        shown = found[:limit]
        said = await titles(connection, post, caller.person, shown)
    last = shown[-1] if len(found) > limit else None
    following = Cursor.encode(last.made_at.isoformat(), str(last.notice_id)) if last else None
    items = [NoticeAnswer.of(notice, title) for notice, title in zip(shown, said, strict=True)]
    return NoticePage(items=items, unread=unread, next_cursor=following)


@router.post("/me/notices/read", tags=["me"], status_code=204)
async def read_notices(body: ReadBody, caller: Employee, database: DatabaseDep) -> None:
    """Say which notices were read, or all."""
    await notice_commands.read_notices(database, caller.person, body)


@router.get("/me/notice-preferences", tags=["me"])
async def read_notice_preferences(
    caller: Employee, database: DatabaseDep, post: PostDep, response: Response
) -> PreferencesAnswer:
    """What reaches the caller, how and when."""
    async with database.connection() as connection:
        version, chosen = await deliveries.own_preferences(connection, caller.person)
        contact = (await store.contacts(connection, [caller.person]))[caller.person]
    response.headers["ETag"] = etag(version)
    reached = [channel for channel in CHANNELS if post.address(channel, contact, chosen)]
    return PreferencesAnswer.of(version, chosen, str(post.reader(contact, chosen).zone), reached)


@router.put("/me/notice-preferences", tags=["me"], responses=documented(404, 412, 428))
async def set_notice_preferences(
    body: PreferencesBody,
    caller: Employee,
    database: DatabaseDep,
    post: PostDep,
    expected_version: IfMatch,
    response: Response,
) -> PreferencesAnswer:
    """Choose anew; it holds for what is sent from now on."""
    await notice_commands.set_preferences(database, post, caller.person, body, expected_version)
    return await read_notice_preferences(caller, database, post, response)


@open_router.get("/unsubscribe/{token}", response_class=HTMLResponse)
async def show_unsubscribe_page(said: Signed, post: PostDep) -> HTMLResponse:
    """A page with one button. Looking at it changes nothing: mail programs look at links by themselves."""
    return HTMLResponse(post.renderer.unsubscribe_page(said.language, done=False), headers=PAGE_HEADERS)


@open_router.post("/unsubscribe/{token}", response_class=HTMLResponse)
async def unsubscribe(said: Signed, database: DatabaseDep, post: PostDep) -> HTMLResponse:
    """No more mail of this kind: by the button, or by a mail program's one click (RFC 8058). Needs no signing in."""
    await notice_commands.unsubscribe(database, said)
    return HTMLResponse(post.renderer.unsubscribe_page(said.language, done=True), headers=PAGE_HEADERS)
