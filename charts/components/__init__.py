"""What not every cluster has or not every environment wants: kustomize Components, one file each."""

from collections.abc import Callable

from constructs import Construct

from charts.components.blue_green import BlueGreen
from charts.components.cert_manager import CertManager
from charts.components.external_secrets import ExternalSecrets
from charts.components.f5_nginx import F5Nginx
from charts.components.gateway_api import GatewayApi
from charts.components.gpu import Gpu
from charts.components.keda import Keda
from charts.components.kubelet_metrics import KubeletMetrics
from charts.components.node_exporter import NodeExporter
from charts.components.security_headers import SecurityHeaders
from charts.components.small import Small
from charts.components.standard_storage import StandardStorage
from charts.components.variants import variants
from charts.model import Platform

COMPONENTS: tuple[Callable[[Construct, Platform], object], ...] = (
    BlueGreen,
    CertManager,
    ExternalSecrets,
    F5Nginx,
    GatewayApi,
    Gpu,
    Keda,
    KubeletMetrics,
    NodeExporter,
    SecurityHeaders,
    Small,
    StandardStorage,
    variants,
)
