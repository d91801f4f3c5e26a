"""Checks what is in deploy/ as far as that can be done without a container runtime or a cluster.

Usage: check-deploy.py [--binary TRIBUTARY]

YAML by yamllint, the Dockerfile by hadolint, Kubernetes' manifests by the schemas of its API and by rules of our own;
compose.yaml by its structure; and with --binary the settings of every container, by starting the role with them and
one more that is wrong: only that one may be reported. Prints what is wrong; exits 1 where anything is.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

import kubernetes_validate
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
KUBERNETES = "1.33"
WRONG_SETTING = {"collector": "COLLECTOR_PORT", "worker": "WORKER_ADMIN_PORT", "aggregator": "AGGREGATOR_ADMIN_PORT",
                 "dashboard-api": "DASHBOARD_PORT", "provision": "LOG_LEVEL", "serve": "COLLECTOR_PORT"}
YAML_RULES = ("{extends: default, rules: {line-length: {max: 160}, braces: disable, brackets: disable, "
              "document-start: disable, comments-indentation: disable}}")
SERVICE_KEYS = {"image", "build", "command", "environment", "ports", "volumes", "healthcheck", "restart", "read_only",
                "cap_drop", "security_opt", "stop_grace_period", "depends_on", "profiles"}
problems = []


def complain(place: str, what: str) -> None:
    problems.append(f"{place}: {what}")


def run_tool(place: str, *command: str) -> None:
    tool = pathlib.Path(sys.executable).parent / command[0]
    result = subprocess.run([tool, *command[1:]], capture_output=True, text=True)
    if result.returncode != 0 or result.stdout.strip():
        complain(place, result.stdout + result.stderr)


def documents() -> list[tuple[str, dict]]:
    """Kubernetes' objects, each with its file."""
    found = []
    for file in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        if file.name != "kustomization.yaml":
            found += [(file.name, document) for document in yaml.safe_load_all(file.read_text()) if document]
    return found


def check_schemas(objects: list[tuple[str, dict]]) -> None:
    for file, document in objects:
        try:
            kubernetes_validate.validate(document, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            complain(file, f"{document['kind']} {document['metadata']['name']}: {error.message} at {list(error.path)}")
    listed = yaml.safe_load((DEPLOY / "kubernetes/kustomization.yaml").read_text())["resources"]
    files = {file for file, _ in objects} - {"secrets.example.yaml"}
    if set(listed) != files:
        complain("kustomization.yaml", f"resources differ from the files: {sorted(set(listed) ^ files)}")


def check_pods(objects: list[tuple[str, dict]]) -> None:
    budgets = {json.dumps(document["spec"]["selector"], sort_keys=True)
               for _, document in objects if document["kind"] == "PodDisruptionBudget"}
    for file, document in objects:
        if document["kind"] not in ("Deployment", "StatefulSet", "Job"):
            continue
        pod = document["spec"]["template"]["spec"]
        if pod.get("enableServiceLinks") is not False:
            complain(file, "enableServiceLinks must be false")
        if pod.get("securityContext", {}).get("runAsNonRoot") is not True:
            complain(file, "runAsNonRoot must be true")
        for container in pod["containers"]:
            rules = container.get("securityContext", {})
            if not rules.get("readOnlyRootFilesystem") or rules.get("allowPrivilegeEscalation") is not False:
                complain(file, f"{container['name']} may write its root or gain privileges")
            if "memory" not in container["resources"].get("limits", {}):
                complain(file, f"{container['name']} has no limit of memory")
            if document["kind"] != "Job" and not {"livenessProbe", "readinessProbe"} <= container.keys():
                complain(file, f"{container['name']} has no probes")
        if document["kind"] != "Job":
            if json.dumps(document["spec"]["selector"], sort_keys=True) not in budgets:
                complain(file, "no PodDisruptionBudget selects its pods")


def kubernetes_environments(objects: list[tuple[str, dict]]) -> list[tuple[str, str, dict]]:
    """Role and settings of each container: ConfigMap, then secret, then its own."""
    maps = {(document["kind"], document["metadata"]["name"]): document.get("data") or document.get("stringData")
            for _, document in objects if document["kind"] in ("ConfigMap", "Secret")}
    found = []
    for file, document in objects:
        if document["kind"] in ("Deployment", "StatefulSet", "Job"):
            container = document["spec"]["template"]["spec"]["containers"][0]
            settings = {}
            for source in container["envFrom"]:
                kind, reference = ("ConfigMap", "configMapRef") if "configMapRef" in source else ("Secret", "secretRef")
                settings |= maps[kind, source[reference]["name"]]
            settings |= {entry["name"]: entry["value"] for entry in container.get("env", [])}
            found.append((file, container["args"][0], settings))
    return found


def check_compose() -> list[tuple[str, str, dict]]:
    """Structure and references; the settings of each role."""
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services, found = compose["services"], []
    for name, service in services.items():
        place = f"compose.yaml: {name}"
        if unknown := service.keys() - SERVICE_KEYS:
            complain(place, f"unknown keys {sorted(unknown)}")
        for other, condition in service.get("depends_on", {}).items():
            if other not in services:
                complain(place, f"depends on {other}, which there is not")
            elif condition["condition"] == "service_healthy" and "healthcheck" not in services[other]:
                complain(place, f"waits for the health of {other}, which has no check")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                if not (DEPLOY / source).exists():
                    complain(place, f"mounts {source}, which there is not")
            elif source not in compose["volumes"]:
                complain(place, f"the volume {source} is not declared")
        for port in service.get("ports", []):
            if not port.startswith("127.0.0.1:"):
                complain(place, f"{port} is open to the network")
        if service.get("image") == "tributary:local":
            if not service.get("read_only") or service.get("cap_drop") != ["ALL"]:
                complain(place, "may write its root or has capabilities")
            values = {"POSTGRES_PASSWORD": "p", "WRITE_KEY": "k" * 16}
            settings = {key: expand(value, values) for key, value in service["environment"].items()}
            found.append((place, service["command"][0], settings))
    return found


def expand(text: str, values: dict) -> str:
    """`${NAME:-default}` and `${NAME:?message}`."""
    return re.sub(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}", lambda m: values.get(m[1]) or m[2] or "", text)


def systemd_environment() -> tuple[str, str, dict]:
    """The settings of tributary.env, those that stand there as comments included."""
    lines = (DEPLOY / "systemd/tributary.env").read_text().splitlines()
    pairs = [match.groups() for line in lines if (match := re.fullmatch(r"#?([A-Z_]+)=(\S+)", line))]
    return "tributary.env", "serve", dict(pairs) | {"DATA_DIR": "/nonexistent/data"}


def check_settings(place: str, role: str, settings: dict, binary: str) -> None:
    documented = (ROOT / "README.md").read_text() + "".join(
        file.read_text() for file in (ROOT / "docs").glob("*.md"))
    for name in settings:
        if not name.startswith("KAFKA_") and name not in documented:
            complain(place, f"{name} stands in no page of the documentation")
    wrong = WRONG_SETTING[role]
    result = subprocess.run([binary, role], env={"PATH": os.environ["PATH"], **settings, wrong: "wrong"},
                            capture_output=True, text=True, timeout=60)
    issues = [line for line in result.stderr.splitlines() if line.startswith("  ")]
    if result.returncode != 78 or len(issues) != 1 or wrong not in issues[0]:
        complain(place, f"tributary {role} ends with {result.returncode}: {result.stderr}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary")
    options = parser.parse_args()
    run_tool("yamllint", "yamllint", "-d", YAML_RULES, str(DEPLOY))
    run_tool("Dockerfile", "hadolint", str(DEPLOY / "Dockerfile"))
    objects = documents()
    check_schemas(objects)
    check_pods(objects)
    environments = check_compose() + kubernetes_environments(objects) + [systemd_environment()]
    if options.binary:
        for place, role, settings in environments:
            check_settings(place, role, settings, options.binary)
    for problem in problems:
        print(problem)
    print(f"{len(objects)} objects of Kubernetes, {len(environments)} containers and units, {len(problems)} problems")
    sys.exit(1 if problems else 0)


main()
