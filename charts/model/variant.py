"""Another form of a workload, which a component switches on, and what can be wrong with a platform in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from charts.model import names
from charts.model.environment import Setting, Value
from charts.model.network import Outside, Port
from charts.model.storage import ConfigFiles

if TYPE_CHECKING:
    from charts.model.platform import Platform
    from charts.model.workload import Workload

Texts = dict[tuple[str, str, str], str]  # {(workload, "settings" or "files", setting or file): text}


@dataclass(frozen=True, kw_only=True)
class Variant:
    """What differs in a workload under the component of the variant's name; None keeps what the workload has.

    `says`: what the component does and needs, its lines head the kustomization; `ports`, `files`: added to the
    workload's, since others rely on those; `settings`: added too, None empties one, since no component can take a
    setting out of a map that another may add to; `replaces`: workloads that are left out. The component combines with
    "small" in either order, so nothing here may follow from a workload's size: let the pod work it out as it starts.
    """

    says: str
    command: tuple[str, ...] | None = None
    args: tuple[str, ...] | None = None
    ports: tuple[Port, ...] = ()
    environment: Mapping[str, Value] | None = None
    settings: Mapping[str, Setting | None] = field(default_factory=dict)
    files: tuple[ConfigFiles, ...] = ()
    calls: tuple[str | Outside, ...] | None = None
    after: tuple[str, ...] | None = None
    replaces: tuple[str, ...] = ()

    def refusals(self, at: str, name: str, settings: Mapping[str, Setting]) -> Iterator[str]:
        """`settings`: those of the workload."""
        yield from names.label(at, name)
        if not self.says.strip():
            yield f'{at}.says: a line for whoever switches it on, got ""'
        for key, value in self.settings.items():
            if value is None and key not in settings:
                yield f"{at}.settings.{key}: is None but no setting of the workload, it has {names.listed(settings)}"
        for replaced in names.repeated(self.replaces):
            yield f'{at}.replaces: "{replaced}" is there twice'


def platform_refusals(platform: "Platform", name: str) -> Iterator[str]:
    """Each thing that is wrong with a platform in the variant, or with switching it on."""
    wrong = [line for workload in platform.workloads for line in replacing_refusals(platform, workload, name)]
    if any(workload.component == name for workload in platform.workloads):
        wrong.append(f'variants: "{name}" is a component that brings workloads, name the variant otherwise')
    yield from wrong or varied_refusals(platform, name)


def replacing_refusals(platform: "Platform", workload: "Workload", name: str) -> Iterator[str]:
    """What is left out may be nothing that the edge or another component speaks of."""
    known = {one.name: one for one in platform.workloads}
    for other in workload.variants[name].replaces if name in workload.variants else ():
        at, left = f'{workload.name}.variants.{name}.replaces: "{other}"', known.get(other)
        if left is None:
            yield f"{at} names no workload, there are {names.listed(known)}"
        elif name in left.variants:
            yield f"{at} has this variant itself, so it cannot be left out"
        elif left.component is not None:
            yield f"{at} is in the component {left.component}, leave that one out instead"
        elif left.host is not None:
            yield f'{at} serves the host "{left.host.name}", which would lead nowhere'
        elif left.release is not None:
            yield f"{at} is released blue-green, and its Rollout would stay"
        elif left.topics:
            yield f"{at} has topics, for which other components ask it"


def varied_refusals(platform: "Platform", name: str) -> Iterator[str]:
    from charts.model.platform import ModelError

    try:
        plain, varied = platform.varied(""), platform.varied(name)  # neither has variants to look into
        texts = [said(one) for one in (plain, plain.small(), varied, varied.small())]
    except ModelError as refused:
        yield from (f'{line} (in the variant "{name}")' for line in refused.refusals)
    except LookupError as missing:
        yield f'{missing.args[0]}, which the variant "{name}" leaves out: say otherwise there'
    else:
        left = {workload.name for workload in platform.base} - {workload.name for workload in varied.base}
        yield from (
            f'{".".join(place)}: changes in the variant "{name}" and with the size too, let the pod work it out instead'
            for place in clashes(*texts)
            if place[0] not in left
        )


def said(platform: "Platform") -> Texts:
    """Every setting and configuration file of the base. Raises LookupError, naming the place and what it asks for."""
    found: Texts = {}
    for workload in platform.base:
        at = workload.name
        try:
            for key, value in workload.settings.items():
                at = f"{workload.name}.settings.{key}"
                found[workload.name, "settings", key] = value(platform) if callable(value) else value
            for files in workload.files:
                at = f"{workload.name}.files.{files.name}"
                for file, text in files.of(platform).items():
                    found[workload.name, "files", f"{files.name}.{file}"] = text
        except KeyError as missing:
            raise LookupError(f"{at}: asks for {missing}") from missing
    return found


def clashes(plain: Texts, small: Texts, varied: Texts, both: Texts) -> Iterator[tuple[str, str, str]]:
    """What both a variant and the size change, and the component that comes later would have its way."""
    for place in sorted(plain.keys() | varied.keys()):
        emptied = place[1] == "settings" and place not in varied  # in the pod, whatever the map holds
        changes = plain.get(place) != varied.get(place) and not emptied
        if changes and (varied.get(place) != both.get(place) or plain.get(place) != small.get(place)):
            yield place
