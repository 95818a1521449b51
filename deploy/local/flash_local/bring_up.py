"""The platform in order: engines; databases, tables and topics as soon as their engine answers; then the services."""

import os
from collections.abc import Sequence

from aiokafka.errors import KafkaError

from flash_local import services
from flash_local.databases import DatabaseUrls, create_database, run_command
from flash_local.engines import every
from flash_local.errors import SetupError
from flash_local.gateway import Gateway
from flash_local.identity import IdentityProvider
from flash_local.installation import Installation, side_by_side
from flash_local.mail import MailSink
from flash_local.personas import introduce
from flash_local.prometheus import Prometheus, find_prometheus
from flash_local.services import SERVICES, Issuer, Service
from flash_local.state import ServiceState, State
from flash_local.topics import create_topics

Settings = dict[str, str]


async def start_platform(here: Installation) -> State:
    """Everything ready, and written to `state.json`. Raises SetupError for the first part that is not."""
    provider = identity_provider(here)
    issuer = Issuer(provider.issuer, provider.jwks_url)
    async with side_by_side() as starting:
        started = starting.create_task(start_services(here, issuer))
        starting.create_task(_identity(here, provider))
        starting.create_task(here.supervisor.start(_mail_sink(here).program()))
    gateway = await _gateway(here, started.result(), issuer)
    state = _state(here, started.result(), provider, gateway, await _prometheus(here, started.result(), gateway))
    state = state.model_copy(update={"personas": await introduce(gateway.url, provider)})
    state.write(here.home.state_file)
    return state


def identity_provider(here: Installation) -> IdentityProvider:
    """Who signs people in here."""
    return IdentityProvider(here.home.data / "identity", here.ports.take("identity"))


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
    return {service.name: _service_state(here, service) for service in table}


async def _databases(here: Installation, issuer: Issuer, table: Sequence[Service]) -> list[Settings]:
    await every.start_postgres(here)
    async with side_by_side() as preparing:
        prepared = [preparing.create_task(_database(here, issuer, service)) for service in table]
    return [task.result() for task in prepared]


async def _database(here: Installation, issuer: Issuer, service: Service) -> Settings:
    """The settings of a service whose database exists and is up to date."""
    engines = every.addresses(here)
    urls: DatabaseUrls = await create_database(engines.postgres_url, service.name)
    port, secrets_folder = here.ports.take(service.name), here.home.data / "secrets"
    settings = services.environment(service, urls, engines, issuer, port, secrets_folder)
    if service.sends_mail:
        settings |= _mail_sink(here).settings(public_url=f"http://127.0.0.1:{here.ports.take('gateway')}")
    for command in service.commands:
        await run_command(service.module, command, settings)
    return settings


async def _topics(here: Installation) -> None:
    await every.start_kafka(here)
    try:
        await create_topics(every.addresses(here).kafka_bootstrap, replicas=here.brokers)
    except KafkaError as error:
        raise SetupError(f"Kafka refused a topic: {error}. `flash logs kafka` says more.") from error


async def _identity(here: Installation, provider: IdentityProvider) -> None:
    provider.write_config()
    await here.supervisor.start(provider.program())


def _mail_sink(here: Installation) -> MailSink:
    name = "mail-smtp"
    return MailSink(here.ports.take(name), here.listening_port(name), here.ports.take("mail"))


async def _gateway(here: Installation, started: dict[str, ServiceState], issuer: Issuer) -> Gateway:
    gateway = Gateway(
        folder=here.home.data / "gateway",
        port=here.ports.take("gateway"),
        admin_port=here.ports.take("gateway-admin"),
        services={name: service.url for name, service in started.items()},
        issuer=issuer,
    )
    gateway.write_config()
    await here.supervisor.start(gateway.program())
    return gateway


async def _prometheus(here: Installation, started: dict[str, ServiceState], gateway: Gateway) -> str | None:
    """Its address; None where it is not installed."""
    executable = find_prometheus()
    if executable is None:
        return None
    targets = {name: service.metrics for name, service in started.items()} | {"gateway": gateway.metrics_url}
    prometheus = Prometheus(here.home.data / "prometheus", here.ports.take("prometheus"), targets)
    prometheus.write_config()
    await here.supervisor.start(prometheus.program(executable))
    return prometheus.url


def _state(
    here: Installation,
    started: dict[str, ServiceState],
    provider: IdentityProvider,
    gateway: Gateway,
    prometheus: str | None,
) -> State:
    engines = every.addresses(here)
    return State(
        supervisor_pid=os.getpid(),
        gateway=gateway.url,
        identity_provider=provider.issuer,
        services=started,
        postgres=engines.postgres_url,
        kafka=engines.kafka_bootstrap,
        opensearch=engines.opensearch_url,
        prometheus=prometheus,
        mail=_mail_sink(here).url,
    )


def _service_state(here: Installation, service: Service) -> ServiceState:
    url = f"http://127.0.0.1:{here.ports.take(service.name)}"
    return ServiceState(url=url, metrics=f"{url}/metrics")
