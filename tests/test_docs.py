"""The pages say what is so: their paths and links lead somewhere, their tables and examples follow the code."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import main
from charts.model import Platform
from ops import render, secrets
from ops.places import DIST, OVERLAYS, ROOT, tool
from rules import complaints
from tests import pages
from tests.conftest import Manifest
from tests.dist.test_quota import need
from tests.pages import tokens

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
PLATFORM: Platform = main.platform()
UNITS = {"Gi": 2**30, "": 1}


def tables(page: Path) -> list[list[list[str]]]:
    """The tables of a page, each as rows of cells, heading first."""
    found: list[list[list[str]]] = []
    for token, following in zip(parsed := tokens(page), [*parsed[1:], None], strict=True):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("th_open", "td_open") and following is not None:
            found[-1][-1].append(following.content)
    return found


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> Iterator[str]:
    for token in tokens(page):
        if token.type == "link_open" and "://" not in (target := str(token.attrs["href"])):
            yield target


def top_level() -> set[str]:
    """What git holds or ignores at the top of the repository, and so begins a path in it."""
    return {path.name for path in ROOT.iterdir()} | {"dist", ".venv", ".tools"}


def paths(page: Path) -> Iterator[str]:
    """The words in code that are paths of the repository, patterns such as <name> aside."""
    for token in tokens(page):
        for word in token.content.split() if token.type in ("code_inline", "fence") else []:
            first, slash, _ = word.partition("/")
            if slash and first in top_level() and re.fullmatch(r"[\w./-]+", word):
                yield word


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", [page for page in PAGES if page not in pages.ELSEWHERE], ids=named)
def test_every_path_is_there(page: Path) -> None:
    secrets.make(OVERLAYS / "local")
    assert [path for path in paths(page) if not (ROOT / path).exists()] == []


def test_the_index_of_decisions_lists_each_page_by_its_heading() -> None:
    index = DOCS / "decisions" / "README.md"
    pages = sorted(page for page in index.parent.glob("*.md") if page != index)
    listed = [re.fullmatch(r"\[(.+)\]\((.+)\)", row[1]) for row in tables(index)[0][1:]]
    headings = {page.name: page.read_text().splitlines()[0].removeprefix("# ") for page in pages}
    assert {match[2]: match[1] for match in listed if match} == headings
    assert len(listed) == len(headings)


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent.name == "decisions"], ids=named)
def test_a_decision_says_what_is_specified_what_is_done_and_what_it_costs(page: Path) -> None:
    strong = [token.content for token in tokens(page) if token.type == "inline" and token.content.startswith("**")]
    openings = {text.split("**")[1] for text in strong} or {"none"}
    wanted = {"We", "Because", "It costs"} if page.name != "README.md" else {"none"}
    assert wanted <= openings


def test_each_component_has_its_row() -> None:
    rows = [row[0].strip("`") for row in tables(DOCS / "components.md")[0][1:]]
    assert rows == sorted(path.parent.name for path in (DIST / "components").glob("*/kustomization.yaml"))


def test_each_key_of_the_secret_has_its_row_and_its_readers() -> None:
    rows = {row[0].strip("`"): row[3] for row in tables(DOCS / "secrets.md")[0][1:]}
    readers = {
        key: ", ".join(sorted(w.name for w in PLATFORM.workloads if key in {read for _, read in w.secret_keys}))
        for key in PLATFORM.secret.keys
    }
    assert rows == readers


def test_each_person_has_a_row_with_its_group() -> None:
    written = " ".join(row[0] for row in tables(DOCS / "secrets.md")[2][1:])
    assert [p.role for p in PLATFORM.people if f"{p.role} (group `{p.group}`)" not in written] == []


def test_the_headers_to_allow_are_those_that_the_edge_sends() -> None:
    text = (DOCS / "decisions" / "security-headers.md").read_text()
    allowed = re.findall(r'global-allowed-response-headers: "(.+)"', text)
    assert allowed == [",".join(PLATFORM.edge.headers)]


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_the_quota_page_reckons_with_the_rendered_figures(
    environment: str, rendered: dict[str, list[Manifest]]
) -> None:
    heading, *rows = tables(DOCS / "decisions" / "quota.md")[1]
    written = {row[0]: dict(zip(heading[1:], map(amount, row[1:]), strict=True)) for row in rows}
    objects = rendered[environment]
    hard = next(one["spec"]["hard"] for one in objects if one["kind"] == "ResourceQuota")
    assert written[f"{environment} needs"] == {name: float(total) for name, total in need(objects, 1).items()}
    assert written[f"{environment} has"] == {name: amount(str(value)) for name, value in hard.items()}


def test_the_parts_of_the_quota_add_up_to_what_production_needs() -> None:
    (heading, *parts), (_, needs, *_rest) = tables(DOCS / "decisions" / "quota.md")
    columns = [[amount(part[place]) for part in parts] for place in range(1, len(heading))]
    assert [sum(column) for column in columns] == pytest.approx([amount(cell) for cell in needs[1 : len(heading)]])


def amount(written: str) -> float:
    """Of "27.5Gi", "8" or "208Gi", in bytes or as it stands."""
    number = written.removesuffix("Gi")
    return float(number) * UNITS[written.removeprefix(number)]


def written_preview(place: Path) -> Path:
    """The overlay of docs/preview.md, beside the repository's dist/."""
    (block,) = [block for block in pages.blocks(DOCS / "preview.md") if "file" in block.words]
    path = pages.written(block, place)
    (place / "dist").symlink_to(DIST)
    return path


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> list[Manifest]:
    """What docs/preview.md renders to."""
    return [one.manifest for one in render.render(written_preview(tmp_path_factory.mktemp("preview")).parent)]


CLUSTER_WIDE = {"Namespace", "ClusterRole", "ClusterRoleBinding", "ClusterIssuer"}


def test_the_preview_is_an_overlay_of_ten_lines(tmp_path: Path) -> None:
    assert len(written_preview(tmp_path).read_text().splitlines()) == 10


def test_the_preview_lives_in_one_namespace_of_its_own(preview: list[Manifest]) -> None:
    namespaces = [one["metadata"]["name"] for one in preview if one["kind"] == "Namespace"]
    inside = {one["metadata"].get("namespace") for one in preview if one["kind"] not in CLUSTER_WIDE}
    assert namespaces == ["preview-42"] == list(inside)


def test_the_preview_is_reached_under_its_own_domain_only(preview: list[Manifest]) -> None:
    hosts = [host for one in preview if one["kind"] == "Ingress" for host in hosts_of(one["spec"])]
    assert len(hosts) >= len(PLATFORM.hosts)
    assert [host for host in hosts if not host.endswith(".preview-42.newstalk-ai.com")] == []


def hosts_of(spec: dict[str, Any]) -> list[str]:
    return [rule["host"] for rule in spec["rules"]] + [host for tls in spec["tls"] for host in tls["hosts"]]


def test_the_rules_find_nothing_wrong_with_the_preview(preview: list[Manifest]) -> None:
    assert not any(one["kind"] == "Secret" for one in preview)
    assert complaints(preview) == []


# What still names the base's namespace: a field, an address, a filter of metrics, a map of headers.
STRAY = re.compile(
    r"namespace: newstalk-ai$|newstalk-ai\.svc|;newstalk-ai\b|custom-headers: newstalk-ai/", re.MULTILINE
)


def components_of_a_preview() -> dict[str, bool]:
    """{component: whether components.md lets another namespace have it}."""
    rows = tables(DOCS / "components.md")[0][1:]
    return {row[0].strip("`"): "another namespace" not in row[3] for row in rows}


@pytest.mark.parametrize(("component", "may"), components_of_a_preview().items())
def test_a_preview_may_have_the_components_that_the_page_does_not_exclude(
    component: str, may: bool, tmp_path: Path
) -> None:
    path = written_preview(tmp_path)
    path.write_text(path.read_text().replace("components: [", f"components: [../../dist/components/{component}, "))
    command = [str(tool("kustomize")), "build", str(path.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    strays = re.findall(STRAY, done.stdout)
    assert (done.returncode == 0 and not strays) == may, strays or done.stderr
