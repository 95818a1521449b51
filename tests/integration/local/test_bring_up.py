"""The runner brings a service up on engines of its own, and a crashed one back."""

import os
import signal

import pytest
from flash_local import loopback
from flash_local.bring_up import start_services
from flash_local.errors import SetupError
from flash_local.installation import Installation
from flash_local.services import Issuer, Service

from tests.support.waiting import eventually

ISSUER = Issuer("http://127.0.0.1:1", "http://127.0.0.1:1/jwks")
EMPTY = Service("chassis", "tests.support.empty_service")


async def test_a_service_is_ready_on_real_engines_and_comes_back_when_killed(here: Installation) -> None:
    started = await start_services(here, ISSUER, [EMPTY])
    assert list(started) == ["chassis"]
    first = here.supervisor.running["chassis"]
    os.kill(first.pid, signal.SIGKILL)
    async with loopback.client() as client:
        await eventually(lambda: here.supervisor.running["chassis"] is not first)
        await here.supervisor.running["chassis"].wait_ready()
        assert (await client.get(f"{started['chassis'].url}/ready")).status_code == 200
        assert "flash_relay_leader" in (await client.get(started["chassis"].metrics)).text


async def test_a_service_that_cannot_migrate_is_named_with_its_own_words(here: Installation) -> None:
    with pytest.raises(SetupError, match=r"no_such_module could not migrate its database:\n.*No module named"):
        await start_services(here, ISSUER, [Service("chassis", "no_such_module")])
