"""What is in deploy/ says nothing that Callboard does not know, and gives nobody more than they need."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from callboard.cli.commands import app
from callboard.settings import read_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml*"))
NOT_OURS = {
    "POSTGRES_USER",
    "POSTGRES_DB",
    "POSTGRES_PASSWORD",
    "PGDATA",
    "PATH",
    "REPOSITORIES",
} | {"PYTHONDONTWRITEBYTECODE"}
UNUSABLE = typer.BadParameter.__mro__[1]
PINNED = re.compile(r"[a-z0-9./-]+:[A-Za-z0-9._-]*[0-9l][A-Za-z0-9._-]*")


def variables():
    """Return the variables that the reference documents."""
    return set(runpy.run_path(str(ROOT / "docs" / "generate.py"))["VARIABLES"])


def objects():
    return [one for path in KUBERNETES for one in yaml.safe_load_all(path.read_text())]


def of_kind(*kinds):
    return [one for one in objects() if one["kind"] in kinds]


def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def check_command(arguments):
    """Parse a command line as the command itself does, without doing anything."""
    command: Any = typer.main.get_command(app)
    given = [str(one) for one in arguments]
    while hasattr(command, "get_command"):
        found = command.get_command(typer.Context(command, info_name="callboard"), given[0])
        assert found is not None, arguments
        command, given = found, given[1:]
    with command.make_context("callboard", given):
        pass


def environment_of(container):
    return {one["name"]: one for one in container.get("env", [])}


def pods():
    """Return every pod, by what it is of."""
    return {
        one["metadata"]["name"]: one["spec"]["template"]
        for one in of_kind("Deployment", "StatefulSet", "Job")
    }


def containers():
    return [(name, one) for name, pod in pods().items() for one in pod["spec"]["containers"]]


def own():
    return [(name, one) for name, one in containers() if one["image"].startswith("callboard:")]


def dockerfile():
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split(None, 1) for line in text.splitlines() if line and line[0].isupper()]


def test_every_command_is_one_that_callboard_understands():
    commands = [one["args"] for _, one in own()]
    commands += [
        one["command"] for one in compose()["services"].values() if "callboard" in str(one["image"])
    ]
    commands += [yaml.safe_load(rest) for word, rest in dockerfile() if word == "CMD"]
    assert len(commands) == 7
    for one in commands:
        check_command(one)


@pytest.mark.parametrize(
    "wrong", [["worker", "--no-such"], ["db", "moon"], ["serve", "--port", "x"]]
)
def test_a_command_that_callboard_does_not_understand_would_be_noticed(wrong):
    with pytest.raises((UNUSABLE, AssertionError)):
        check_command(wrong)


def test_every_variable_is_one_that_is_documented():
    told = set()
    for one in compose()["services"].values():
        told |= set(one.get("environment", {}))
    for _, one in containers():
        told |= set(environment_of(one))
    for one in of_kind("ConfigMap"):
        told |= set(one["data"])
    for word, rest in dockerfile():
        if word == "ENV":
            told |= set(re.findall(r"(\w+)=", rest))
    told |= set(re.findall(r"^(\w+)=", (DEPLOY / "env.example").read_text(), re.MULTILINE))
    assert told - NOT_OURS <= variables()


def test_the_values_that_are_given_are_understood():
    for one in of_kind("ConfigMap"):
        told = read_settings(one["data"])
        assert told.probes == ("0.0.0.0", 9464)
    env = dict(re.findall(r"(CALLBOARD_\w+)=(\S+)", (DEPLOY / "Dockerfile").read_text()))
    assert read_settings(env).probes == ("0.0.0.0", 9464)


def test_nothing_that_is_secret_has_a_value_of_its_own():
    for one in of_kind("Secret"):
        assert set(one["stringData"].values()) == {""}
    for name, one in containers():
        for variable in environment_of(one).values():
            if re.search(r"PASSWORD|_KEY|SECRET|TOKEN", variable["name"]):
                assert "secretKeyRef" in variable["valueFrom"], (name, variable)
    example = (DEPLOY / "env.example").read_text()
    assert set(re.findall(r"^\w+=(.*)$", example, re.MULTILINE)) == {""}
    text = (DEPLOY / "compose.yaml").read_text()
    for name in ("POSTGRES_PASSWORD", "CALLBOARD_VAULT_KEY", "CALLBOARD_LOG_KEY", "CALLBOARD_URL"):
        assert set(re.findall(rf"\$\{{{name}(.)", text)) == {":"}
        assert f"${{{name}:?" in text


def test_applying_the_directory_as_it_is_sets_no_secret():
    applied = [one.name for one in (DEPLOY / "kubernetes").iterdir() if one.suffix == ".yaml"]
    assert "10-secret.yaml.example" in [one.name for one in KUBERNETES]
    assert not [name for name in applied if "secret" in name]
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/deploy/.env", "/deploy/kubernetes/10-secret.yaml"} <= set(ignored)


def test_images_are_pinned():
    images = [one["image"] for _, one in containers()]
    images += [one["image"] for one in compose()["services"].values()]
    images += [rest.split()[0] for word, rest in dockerfile() if word == "FROM"]
    for image in images:
        assert PINNED.fullmatch(image), image
        assert not image.endswith(":latest")


def test_nobody_is_root_and_nothing_is_writable_that_need_not_be():
    for name, pod in pods().items():
        inside = pod["spec"]["securityContext"]
        assert inside["runAsNonRoot"] is True, name
        assert inside["runAsUser"] > 0
        assert inside["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["spec"]["automountServiceAccountToken"] is False
    for name, one in containers():
        inside = one["securityContext"]
        assert inside["readOnlyRootFilesystem"] is True, name
        assert inside["allowPrivilegeEscalation"] is False
        assert inside["capabilities"] == {"drop": ["ALL"]}
    for name, one in compose()["services"].items():
        if name != "db":
            assert (one["read_only"], one["cap_drop"]) == (True, ["ALL"])
            assert one["user"] == "10001:10001"
            assert "no-new-privileges:true" in one["security_opt"]
    (user,) = (rest for word, rest in dockerfile() if word == "USER")
    assert user == "10001:10001"


def test_selectors_find_their_pods():
    labels = {name: pod["metadata"]["labels"] for name, pod in pods().items()}
    for one in of_kind("Deployment", "StatefulSet"):
        wanted = one["spec"]["selector"]["matchLabels"]
        assert wanted.items() <= labels[one["metadata"]["name"]].items()
    for one in of_kind("PodDisruptionBudget"):
        wanted = one["spec"]["selector"]["matchLabels"]
        assert wanted.items() <= labels[one["metadata"]["name"]].items()
    for one in of_kind("Service"):
        wanted = one["spec"]["selector"]
        (name,) = (name for name, found in labels.items() if wanted.items() <= found.items())
        ports = {p["name"] for c in pods()[name]["spec"]["containers"] for p in c.get("ports", [])}
        assert {port["targetPort"] for port in one["spec"]["ports"]} <= ports


def test_what_is_referred_to_is_there():
    secrets = {one["metadata"]["name"]: one["stringData"] for one in of_kind("Secret")}
    config = {one["metadata"]["name"] for one in of_kind("ConfigMap")}
    claims = {one["metadata"]["name"] for one in of_kind("PersistentVolumeClaim")}
    for name, one in containers():
        for variable in environment_of(one).values():
            wanted = variable.get("valueFrom", {}).get("secretKeyRef")
            assert wanted is None or wanted["key"] in secrets[wanted["name"]], name
        assert {each["configMapRef"]["name"] for each in one.get("envFrom", [])} <= config
    for pod in pods().values():
        told = {volume["name"] for volume in pod["spec"].get("volumes", [])}
        for volume in pod["spec"].get("volumes", []):
            claim = volume.get("persistentVolumeClaim")
            assert claim is None or claim["claimName"] in claims
        for one in pod["spec"]["containers"]:
            mounted = {mount["name"] for mount in one["volumeMounts"]}
            assert mounted - {"data"} <= told
    assert {one["metadata"].get("namespace", "callboard") for one in objects()} == {"callboard"}


def test_probes_ask_where_something_answers():
    for name, one in own():
        ports = {port["name"]: port["containerPort"] for port in one.get("ports", [])}
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            if name != "upgrade":
                asked = one[kind]["httpGet"]
                assert ports[asked["port"]] == 9464
                assert asked["path"] == ("/readyz" if kind == "readinessProbe" else "/healthz")


def test_whoever_is_told_to_end_has_the_time_for_it():
    worker = pods()["worker"]["spec"]
    (one,) = worker["containers"]
    grace = float(one["args"][one["args"].index("--grace") + 1])
    assert worker["terminationGracePeriodSeconds"] > grace
    said = compose()["services"]["worker"]
    grace = float(said["command"][said["command"].index("--grace") + 1])
    assert float(said["stop_grace_period"].removesuffix("s")) > grace


def test_there_are_two_workers_and_a_budget_for_every_deployment():
    replicas = {one["metadata"]["name"]: one["spec"]["replicas"] for one in of_kind("Deployment")}
    assert replicas == {"api": 2, "worker": 2}
    budgets = {one["metadata"]["name"] for one in of_kind("PodDisruptionBudget")}
    assert budgets == set(replicas)
    assert compose()["services"]["worker"]["deploy"]["replicas"] == 2


def test_the_image_holds_the_files_that_it_is_made_of():
    for word, rest in dockerfile():
        if word == "COPY" and not rest.startswith("--from"):
            for name in rest.split()[:-1]:
                assert (ROOT / name).exists(), name
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    assert {"!pyproject.toml", "!requirements.lock", "!README.md", "!LICENSE", "!src"} <= set(
        ignored
    )
