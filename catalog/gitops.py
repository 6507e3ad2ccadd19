"""Where Argo CD finds this repository and brings its environments. The address is an EXAMPLE: docs/gitops.md."""

from charts.model import Delivery, Gitops

GITOPS = Gitops(
    repository="https://git.newstalk-ai.example/platform.git",
    deliveries={
        # What is tried out by hand goes with the next comparison: staging is what the next release will be.
        "staging": Delivery(cluster="newstalk-ai-staging", heal=True),
        # Operators may scale and patch in an incident (PEOPLE); what they did stays, and shows, until the next commit.
        "production": Delivery(cluster="newstalk-ai-production", heal=False),
    },
)
