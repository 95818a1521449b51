"""Who reads a topic, by its file and by the code: rules of a broker are made from the first, reads from the second."""

import pytest
from flash_local.services import SERVICES, Service
from flash_schemas.topics import load_topics

from tests.support.published import built


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_reads_the_topics_that_name_it_and_no_others(service: Service) -> None:
    read = {topic for consumer in built(service).consumers for topic in consumer.topics}
    assert read == {topic.name for topic in load_topics() if service.name in topic.consumers}
