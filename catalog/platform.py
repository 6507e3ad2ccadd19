"""NewsTalk AI, gathered."""

from catalog import airflow, application, data, monitoring
from catalog.gitops import GITOPS
from catalog.shared import CONFIG, ENVIRONMENT, SECRET, STORE
from charts.model import ContainerBounds, Edge, EdgeController, Person, Platform, Quota

READ, EVERY = ("get", "list", "watch"), ("*",)
READABLE = (
    (("",), ("pods", "pods/log", "services", "endpoints", "events", "configmaps", "persistentvolumeclaims"), READ),
    (("apps", "batch", "autoscaling", "policy", "networking.k8s.io", "discovery.k8s.io", "argoproj.io"), EVERY, READ),
)

PEOPLE = (
    Person(role="viewer", group="newstalk-ai-viewers", rules=READABLE),
    Person(
        role="operator",
        group="newstalk-ai-operators",
        rules=(
            *READABLE,
            (("",), ("pods",), ("delete",)),
            (("",), ("pods/portforward",), ("create",)),
            (("apps",), ("deployments", "statefulsets"), ("patch",)),
            (("apps",), ("deployments/scale", "statefulsets/scale"), ("patch", "update")),
            (("batch",), ("jobs",), ("create", "delete")),
            (("argoproj.io",), ("rollouts", "rollouts/status"), ("patch",)),  # promotes, aborts, tries again
        ),
    ),
    Person(role="admin", group="newstalk-ai-admins", rules=((EVERY, EVERY, EVERY),)),
)

EDGE = Edge(
    name="newstalk-ai-ingress",
    tls_secret="newstalk-ai-tls",
    issuer="letsencrypt-prod",
    contact="platform@newstalk-ai.com",
    ingress_class="nginx",
    controller_namespace="ingress-nginx",
    body_limit="1m",  # nginx' own default; an article is some kilobytes
    connections=20,  # judged: tabs, streams and a proxy's worth of colleagues behind one address
    read_timeout=3600,  # judged: a stream may be silent for an hour
    headers={  # owasp.org, HTTP Headers Cheat Sheet
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    },
    # Not the chart's own "nginx", by which ingress-nginx goes: the two may run side by side during a move.
    f5=EdgeController(class_name="f5-nginx", namespace="nginx-ingress"),
)

# Production's: docs/decisions/quota.md says how it is reckoned.
QUOTA = Quota(
    requests_cpu="48",
    requests_memory="80Gi",
    limits_cpu="100",
    limits_memory="150Gi",
    storage="256Gi",
    pods=90,
)

PLATFORM = Platform(
    name="newstalk-ai",
    workloads=application.WORKLOADS + data.WORKLOADS + airflow.WORKLOADS + monitoring.WORKLOADS,
    settings=(CONFIG, ENVIRONMENT),
    secret=SECRET,
    quota=QUOTA,
    # judged: a container without figures is cert-manager's solver or a debugging shell; none needs more than langgraph
    container_bounds=ContainerBounds(default_cpu="100m", default_memory="128Mi", maximum_cpu="4", maximum_memory="8Gi"),
    edge=EDGE,
    scraper="prometheus",
    store=STORE,
    people=PEOPLE,
    gitops=GITOPS,
)
