"""The platform in order: engines; databases, tables and topics as soon as their engine answers; then the services."""

import os
from collections.abc import Sequence

from aiokafka.errors import KafkaError

from flash_local import services
from flash_local.databases import DatabaseUrls, create_database, migrate
from flash_local.engines import every
from flash_local.errors import SetupError
from flash_local.installation import Installation, side_by_side
from flash_local.services import SERVICES, Issuer, Service
from flash_local.state import ServiceState, State
from flash_local.topics import create_topics

Settings = dict[str, str]


async def start_platform(here: Installation, table: Sequence[Service] = SERVICES) -> State:
    """Everything ready, and written to `state.json`. Raises SetupError for the first part that is not."""
    identity_provider = f"http://127.0.0.1:{here.ports.take('identity')}"
    issuer = Issuer(identity_provider, f"{identity_provider}/.well-known/jwks.json")
    started, engines = await start_services(here, issuer, table), every.addresses(here)
    state = State(
        supervisor_pid=os.getpid(),
        services=started,
        postgres=engines.postgres_url,
        kafka=engines.kafka_bootstrap,
        opensearch=engines.opensearch_url,
    )
    state.write(here.home.state_file)
    return state


async def start_services(
    here: Installation, issuer: Issuer, table: Sequence[Service] = SERVICES
) -> dict[str, ServiceState]:
    """Engines and services, ready; where each service answers, by name. Raises SetupError for the first that is not."""
    async with side_by_side() as starting:
        migrated = starting.create_task(_databases(here, issuer, table))
        starting.create_task(_topics(here))
        starting.create_task(every.start_opensearch(here))
    async with side_by_side() as starting:
        for service, settings in zip(table, migrated.result(), strict=True):
            starting.create_task(here.supervisor.start(services.program(service, settings)))
    return {service.name: _state(here, service) for service in table}


async def _databases(here: Installation, issuer: Issuer, table: Sequence[Service]) -> list[Settings]:
    await every.start_postgres(here)
    async with side_by_side() as preparing:
        prepared = [preparing.create_task(_database(here, issuer, service)) for service in table]
    return [task.result() for task in prepared]


async def _database(here: Installation, issuer: Issuer, service: Service) -> Settings:
    """The settings of a service whose database exists and is up to date."""
    engines = every.addresses(here)
    urls: DatabaseUrls = await create_database(engines.postgres_url, service.name)
    settings = services.environment(service, urls, engines, issuer, here.ports.take(service.name))
    await migrate(service.module, settings)
    return settings


async def _topics(here: Installation) -> None:
    await every.start_kafka(here)
    try:
        await create_topics(every.addresses(here).kafka_bootstrap)
    except KafkaError as error:
        raise SetupError(f"Kafka refused a topic: {error}. `flash logs kafka` says more.") from error


def _state(here: Installation, service: Service) -> ServiceState:
    url = f"http://127.0.0.1:{here.ports.take(service.name)}"
    return ServiceState(url=url, metrics=f"{url}/metrics")
