"""Security headers from the edge itself."""

from constructs import Construct

from charts.constructs import config
from charts.edge import NGINX, entrances
from charts.folder import Component, Generated, Patch
from charts.model import Platform


class SecurityHeaders(Component):
    """security-headers: the edge adds them; ingress-nginx's global-allowed-response-headers must list them."""

    def __init__(self, scope: Construct, platform: Platform) -> None:
        super().__init__(scope, "security-headers", platform)
        name = f"{platform.name}-headers"
        # The controller looks the map up by this very name, namespace included, and follows its changes by itself.
        annotation = {f"{NGINX}custom-headers": f"{platform.name}/{name}"}
        text = config.env_file(platform.edge.headers)
        self.maps.append(Generated(name=name, files={"headers.env": text}, hashed=False, namespace=platform.name))
        for ingress in entrances(platform):
            change = {"metadata": {"name": ingress, "annotations": annotation}}
            self.patches.append(Patch(api="networking.k8s.io/v1", kind="Ingress", name=ingress, change=change))
