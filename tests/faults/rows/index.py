"""Rows in which OpenSearch fails, refuses, or is built anew."""

import asyncio
import os
import sys
from typing import Any

from flash_local import loopback

from tests.faults.load import Pace
from tests.faults.run import SEEDS_SLOW, Run, row
from tests.faults.watch import rows
from tests.support.waiting import eventually

BLOCKS = ("index.blocks.read_only_allow_delete", "index.blocks.write", "index.blocks.read_only")
SPOIL = """
UPDATE person SET availability = '{"slots_left": "many"}', doc_version = doc_version + 1, changed_at = now()
WHERE person_id = (SELECT person_id FROM person WHERE profile ->> 'status' = 'active' ORDER BY person_id LIMIT 1)
RETURNING person_id
"""
MEND = """
UPDATE person SET availability = NULL, availability_version = 0, doc_version = doc_version + 1, changed_at = now(),
    index_problem = NULL WHERE person_id = $1
"""


@row(27, "OpenSearch is killed amid bulk requests", settles_within_s=120, seeds=SEEDS_SLOW)
async def opensearch_is_killed(run: Run) -> None:
    async with run.writing():
        await run.a_moment(2)
        await run.killed("opensearch")


@row(28, "OpenSearch refuses to write for a while: 429, 403, or no line at all")
async def opensearch_refuses(run: Run) -> None:
    block = run.one_of(*BLOCKS, "line")
    async with run.writing():
        await run.a_moment()
        if block == "line":
            run.system.proxies["opensearch"].refuse()
            run.system.proxies["opensearch"].reset()
            await run.a_moment(4)
            run.system.proxies["opensearch"].mend()
        else:
            await _block(run, block, on=True)
            await run.a_moment(4)
            await _block(run, block, on=None)
        run.happened(f"OpenSearch refused: {block}")


async def _block(run: Run, name: str, on: bool | None) -> None:
    async with loopback.client(run.system.engine_url("opensearch")) as client:
        answer = await client.put("/people-*/_settings", json={name: on})
        assert answer.status_code == 200, answer.text


@row(29, "one document of a bulk request is refused for good, its neighbours are not")
async def one_document_is_refused(run: Run) -> None:
    async with run.writing():
        await run.a_moment()
        ((person_id,),) = await rows(run.system, "search", SPOIL)

        async def set_aside() -> Any:
            return await rows(
                run.system,
                "search",
                "SELECT 1 FROM person WHERE person_id = $1 AND index_problem IS NOT NULL",
                person_id,
            )

        await eventually(set_aside, 15)
    await rows(run.system, "search", MEND, person_id)
    run.happened("a document was refused, then mended")


@row(
    36, "the index is built anew under writes and searches, the command killed on the way, and swapped back", fast=False
)
async def the_index_is_built_anew(run: Run) -> None:
    searching = asyncio.create_task(_search_on(run))
    async with run.writing(Pace(pushes=20, messages=24, seconds=12)):
        for _ in range(3):
            child = await command(run, "search", "rebuild")
            await asyncio.sleep(run.random.uniform(1, 4))
            if child.returncode is None:
                child.kill()
                run.happened("the rebuild was killed")
            await child.wait()
        for name in ("rebuild", run.one_of("rollback", "rebuild")):
            child = await command(run, "search", name)
            assert await child.wait() == 0, f"{name} did not succeed"
            run.happened(name)
    searching.cancel()
    outcomes = await asyncio.gather(searching, return_exceptions=True)
    assert isinstance(outcomes[0], asyncio.CancelledError), outcomes[0]


@row(
    49,
    "OpenSearch takes nothing for moments while the index is built anew: none is shown that lacks anybody",
    seeds=SEEDS_SLOW,
)
async def opensearch_fails_amid_a_rebuild(run: Run) -> None:
    line = run.system.proxies["opensearch"]
    async with run.writing():
        building = await command(run, "search", "rebuild")
        while building.returncode is None:
            await run.a_moment(2)
            line.refuse()
            line.reset()
            await run.a_moment(1)
            line.mend()
        again = await command(run, "search", "rebuild")
        assert await again.wait() == 0, "the rebuild could not be taken up"
        run.happened(f"OpenSearch took nothing for moments amid a rebuild, which ended with {building.returncode}")


async def command(run: Run, service: str, *arguments: str) -> asyncio.subprocess.Process:
    """Run a command of a service beside it."""
    program = run.system.process(service).program
    log = run.system.here.home.logs / f"{service}-{arguments[0]}.log"
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", f"{service}_service", *arguments],
            env={**os.environ, **program.env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )


async def _search_on(run: Run) -> None:
    """Search until cancelled; every answer must be one, and find people."""
    writers = run.lab.writers
    headers = {"Authorization": f"Bearer {writers.tokens['owner']}"}
    async with loopback.client(writers.gateway, timeout=10) as client:
        while True:
            answer = await client.get(f"/api/v1/programs/{writers.program_id}/people?available=any", headers=headers)
            assert answer.status_code == 200, f"a search was answered {answer.status_code}"
            assert answer.json()["matching"] > 0, "a search found nobody"
            await asyncio.sleep(0.05)
