"""What a container asks for and may use."""

import pytest

from charts.model import Quantity, Resources
from tests.platforms import refusals, tells, workload


def test_a_range_is_request_and_limit() -> None:
    resources = Resources(cpu="250m..2", memory="1Gi..1536Mi")
    assert resources.requests == {"cpu": Quantity("250m"), "memory": Quantity("1Gi")}
    assert resources.limits == {"cpu": Quantity("2"), "memory": Quantity("1536Mi")}


def test_one_figure_is_both() -> None:
    resources = Resources(cpu="250m", memory="1Gi")
    assert resources.requests == resources.limits == {"cpu": Quantity("250m"), "memory": Quantity("1Gi")}


@pytest.mark.parametrize(
    ("resources", "path", "words"),
    [
        (Resources(cpu="3..2500m", memory="1Gi"), "web.resources.cpu", ("3", "2500m")),
        (Resources(cpu="1", memory="1Gi..1000Mi"), "web.resources.memory", ("1Gi", "1000Mi")),
        (Resources(cpu="0..1", memory="1Gi"), "web.resources.cpu", ("0",)),
        (Resources(cpu="1", memory="0Gi"), "web.resources.memory", ("0Gi", "above 0")),
        (Resources(cpu="one", memory="1Gi"), "web.resources.cpu", ('"one"', "no quantity")),
        (Resources(cpu="1", memory="1Gi..lots"), "web.resources.memory", ('"lots"', "no quantity")),
        (Resources(cpu="1..", memory="1Gi"), "web.resources.cpu", ('""', "no quantity")),
        (Resources(cpu="..1", memory="1Gi"), "web.resources.cpu", ('""', "no quantity")),
    ],
)
def test_nonsense_is_refused_in_one_line(resources: Resources, path: str, words: tuple[str, ...]) -> None:
    [line] = refusals(workload(resources=resources))
    assert tells(line, path, *words)


def test_both_resources_are_looked_at_when_the_first_is_wrong() -> None:
    lines = refusals(workload(resources=Resources(cpu="one", memory="2Gi..1Gi")))
    assert [line.partition(":")[0] for line in lines] == ["web.resources.cpu", "web.resources.memory"]
