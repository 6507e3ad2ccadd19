"""The platform's secret from a store, by External Secrets."""

from constructs import Construct

from charts.constructs.kube import emit
from charts.folder import Component
from charts.model import Platform
from imports.io.external_secrets import (
    ExternalSecret,
    ExternalSecretSpec,
    ExternalSecretSpecData,
    ExternalSecretSpecDataRemoteRef,
    ExternalSecretSpecSecretStoreRef,
    ExternalSecretSpecSecretStoreRefKind,
    ExternalSecretSpecTarget,
)


class ExternalSecrets(Component):
    """external-secrets: the secret's keys come from a ClusterSecretStore; needs External Secrets."""

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "external-secrets", platform)
        store = platform.store
        if store is None:
            return
        reference = ExternalSecretSpecSecretStoreRef(
            name=store.name, kind=ExternalSecretSpecSecretStoreRefKind.CLUSTER_SECRET_STORE
        )
        emit(self, ExternalSecret, "foundation", name=platform.secret.name, spec=ExternalSecretSpec(
            refresh_interval=store.refresh,
            secret_store_ref=reference,
            target=ExternalSecretSpecTarget(name=platform.secret.name),
            data=[
                ExternalSecretSpecData(
                    secret_key=key,
                    remote_ref=ExternalSecretSpecDataRemoteRef(key=store.path, property=key),
                )
                for key in sorted(platform.secret.keys)
            ],
        ))  # fmt: skip
