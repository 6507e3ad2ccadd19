"""Settings, secrets and files that pods name are there."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from rules.providing import ANY, Keys, KeyUse, configmap_keys, key_uses, keys_of, missing_keys, secret_keys
from rules.reading import (
    Manifest,
    Pod,
    at,
    containers_of,
    find,
    mapping,
    mappings,
    name,
    namespace,
    of_kind,
    pods,
    state,
    title,
    walk,
)

AUTH_SECRET = "nginx.ingress.kubernetes.io/auth-secret"


def configmap_keys_are_provided(objects: Sequence[Manifest]) -> Iterator[str]:
    return missing_keys("ConfigMap", _pod_uses(objects, "configMap"), configmap_keys(objects))


def secret_keys_are_provided(objects: Sequence[Manifest]) -> Iterator[str]:
    uses = chain(_pod_uses(objects, "secret"), _other_secret_uses(objects))
    return missing_keys("Secret", uses, secret_keys(objects))


def _pod_uses(objects: Sequence[Manifest], of: str) -> Iterator[KeyUse]:
    """The pods' uses of ConfigMaps (`configMap`) or Secrets (`secret`), without the optional ones."""
    paths = [f"spec.volumes[].{of}", f"spec.volumes[].projected.sources[].{of}"]
    for field in ("containers", "initContainers"):
        paths += [f"spec.{field}[].env[].valueFrom.{of}KeyRef", f"spec.{field}[].envFrom[].{of}Ref"]
    for pod in pods(objects):
        for where, use in chain.from_iterable(map(pod.find, paths)):
            if at(use, "optional") is not True:
                yield from key_uses(where, pod.namespace, use)


def _other_secret_uses(objects: Sequence[Manifest]) -> Iterator[KeyUse]:
    paths = (
        ("TriggerAuthentication", "spec.secretTargetRef[]"),
        ("AnalysisTemplate", "spec.args[].valueFrom.secretKeyRef"),
        ("ServiceAccount", "imagePullSecrets[]"),
    )
    for of, path in paths:
        for manifest in of_kind(objects, of):
            for where, use in find(manifest, path):
                yield from key_uses(where, namespace(manifest), use)
    for pod in pods(objects):
        for where, use in pod.find("spec.imagePullSecrets[]"):
            yield from key_uses(where, pod.namespace, use)
    for ingress in of_kind(objects, "Ingress"):
        if use := mapping(ingress, "metadata.annotations").get(AUTH_SECRET):
            space, _, used = str(use).rpartition("/")
            yield KeyUse(f"{title(ingress)} metadata.annotations[{AUTH_SECRET}]", space or namespace(ingress), used)


def tls_secrets_are_provided(objects: Sequence[Manifest]) -> Iterator[str]:
    uses = (
        KeyUse(where, namespace(ingress), str(used), wanted)
        for ingress in of_kind(objects, "Ingress")
        for where, used in find(ingress, "spec.tls[].secretName")
        for wanted in (None, "tls.crt")
    )
    return missing_keys("Secret", uses, secret_keys(objects))


def mounted_files_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    """A `subPath` that is no file of its ConfigMap or Secret is mounted as an empty folder."""
    keys = {"configMap": configmap_keys(objects), "secret": secret_keys(objects)}
    for pod in pods(objects):
        files = {str(volume.get("name")): _files(pod, volume, keys) for volume in mappings(pod.spec, "volumes")}
        for container in containers_of(pod):
            for where, mount in walk(container.spec, "volumeMounts[]"):
                wanted, held = at(mount, "subPath"), files.get(str(at(mount, "name")), {ANY})
                if wanted and ANY not in held and not any(f"{file}/".startswith(f"{wanted}/") for file in held):
                    yield f"{container.where}.{where}.subPath: {state(wanted)}, no file of the volume; name one of it"


def _files(pod: Pod, volume: Manifest, keys: Mapping[str, Keys]) -> set[str]:
    """The paths in a volume; `ANY` where they do not follow from the objects."""
    files: set[str] = set()
    for source in mappings(volume, "projected.sources") or [volume]:
        of = next((of for of in keys if of in source), "")
        held = mapping(source, of)
        listed = {str(item.get("path")) for item in mappings(held, "items")}
        used = str(held.get("name") or held.get("secretName"))
        files |= listed or keys_of(keys.get(of, {}), pod.namespace, used) or {ANY}
    return files


def mounted_volumes_exist(objects: Sequence[Manifest]) -> Iterator[str]:
    for pod in pods(objects):
        claims = mappings(pod.owner, "spec.volumeClaimTemplates")
        held = {str(volume.get("name")) for volume in mappings(pod.spec, "volumes")} | set(map(name, claims))
        for container in containers_of(pod):
            for where, used in walk(container.spec, "volumeMounts[].name"):
                if str(used) not in held:
                    yield f"{container.where}.{where}: {state(used)}, which is no volume of the pod; add the volume"
