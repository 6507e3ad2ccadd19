"""Signs in to a Kubernetes API server as the job of GitHub's that runs: nothing to keep, nothing that outlives it.

A kubeconfig names it as a credential plugin, `exec: {command: .../python, args: [-m, tools.github_token, AUDIENCE]}`;
the API server trusts GitHub's issuer for that audience.
"""

import json
import os
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

URL, TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
TIMEOUT = 30  # seconds


def credential(environ: Mapping[str, str], audience: str) -> dict[str, object]:
    """What kubectl expects of a plugin. Raises OSError, KeyError or ValueError."""
    address = f"{environ[URL]}&{urlencode({'audience': audience})}"
    if not address.startswith("https://"):
        raise ValueError(f"{URL} is no https:// address")
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {environ[TOKEN]}"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # nosec B310
        token = json.load(answer)["value"]
    return {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": token},
    }


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m tools.github_token AUDIENCE", file=sys.stderr)
        return 2
    try:
        print(json.dumps(credential(os.environ, arguments[0])))
    except KeyError as missing:
        print(f"error: {missing.args[0]} is missing: give the job the permission `id-token: write`", file=sys.stderr)
        return 1
    except (OSError, ValueError) as failed:
        print(f"error: GitHub gives no token for the audience {arguments[0]}: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
