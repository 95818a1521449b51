"""The demo's story: played through the gateway on the running platform, and written to `story.json`."""

import time
from urllib.parse import urlsplit

from rich.console import Console

from flash_local.errors import SetupError
from flash_local.home import Home
from flash_local.identity import IdentityProvider
from flash_local.personas import gateway_client, tokens_of
from flash_local.state import State
from flash_local.story.cast import cast
from flash_local.story.chapters import Story
from flash_local.story.deeds import Deeds
from flash_local.story.teller import StoryFailed, Teller
from flash_local.story.watch import watching


async def tell_story(home: Home, state: State, console: Console) -> None:
    """Play the story; print each step and the times. Raises SetupError when a step does not do what it should."""
    assert state.gateway, "a started platform has a gateway"
    assert state.identity_provider, "and an identity provider"
    assert state.mail, "and a mail sink"
    assert state.personas["mentor"].person_id, "the mentor is a person"
    provider = IdentityProvider(home.data / "identity", urlsplit(state.identity_provider).port or 80)
    tokens = await tokens_of(provider, state.personas)  # those of its start may be over
    started = time.monotonic()
    async with gateway_client(state.gateway) as client, watching(state.kafka) as events:
        teller, players = Teller(client, events, console, tokens), cast(int(time.time()))
        deeds = Deeds(teller, provider, players, state.personas["mentor"].person_id, state.mail)
        try:
            await Story(teller, players, deeds).tell()
        except StoryFailed as error:
            raise SetupError(f"The story ended early. {error}. `flash logs` shows what the services say.") from error
        finally:
            teller.write(home.story_file)
    console.print(teller.table())
    console.print(f"The story took {time.monotonic() - started:.1f} s; {home.story_file} has it as JSON.")
