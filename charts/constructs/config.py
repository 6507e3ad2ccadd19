"""Configuration as plain files, gathered by kustomize, whose hash rolls the pods that read it."""

from collections.abc import Mapping

from charts.model import Platform, Workload
from charts.model.environment import Setting


def settings_map(workload: Workload) -> str:
    """The name of the workload's own settings."""
    return f"{workload.name}-config"


def maps(workload: Workload, platform: Platform) -> dict[str, dict[str, str]]:
    """{ConfigMap: {file below the workload's folder: text}} of everything that the workload reads.

    Settings are one file of KEY=value lines, configuration files lie in a folder per map.
    """
    found = {}
    if workload.settings:
        found[settings_map(workload)] = {"settings.env": env_file(resolved(workload.settings, platform))}
    for files in workload.files:
        texts = files.of(platform)
        found[f"{workload.name}-{files.name}"] = {f"{files.name}/{name}": texts[name] for name in sorted(texts)}
    return found


def resolved(settings: Mapping[str, Setting], platform: Platform) -> dict[str, str]:
    """The settings' values, those that follow from the platform worked out."""
    return {key: value(platform) if callable(value) else value for key, value in settings.items()}


def env_file(values: Mapping[str, str]) -> str:
    return "".join(f"{key}={value}\n" for key, value in sorted(values.items()))
