"""Random platforms for the tests of their pictures."""

from hypothesis import strategies as st

from charts.model import Health, Host, Metrics, Outside, Platform, Port, Replicas, Stateful, Tcp
from tests.platforms import platform, serving

NUMBERS = (81, 82, 83)


@st.composite
def platforms(draw: st.DrawFn) -> Platform:
    """Up to fourteen workloads in up to four layers that call each other and themselves as it comes."""
    names = [f"w{number}" for number in range(draw(st.integers(0, 14)))]
    ports = {name: NUMBERS[: draw(st.integers(1, len(NUMBERS)))] for name in names}
    ends = [f"{name}:p{number}" for name in names for number in ports[name]]
    calls = {name: draw(st.sets(st.sampled_from(ends), max_size=5)) for name in names}
    beyond = [Outside(port=400 + number, why="a bank", private=number % 2 == 0) for number in range(16)]
    return platform(
        *(
            serving(
                name,
                layer=draw(st.sampled_from(("front", "middle", "back", "below"))),
                ports=tuple(Port(f"p{number}", number) for number in ports[name]),
                health=Health(alive=Tcp("p81")),
                metrics=Metrics(port="p81") if draw(st.booleans()) else None,
                host=Host(name=name) if draw(st.integers(0, 3)) == 0 else None,
                calls=(*sorted(calls[name]), *draw(st.lists(st.sampled_from(beyond), max_size=3, unique=True))),
                run=Stateful() if draw(st.booleans()) else Replicas(),
            )
            for name in names
        ),
        scraper=draw(st.sampled_from([None, *names])),
    )
