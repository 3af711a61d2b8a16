"""What the embedded control plane is for: it is a real API server."""

import json
import ssl
import stat
import subprocess
import urllib.request

import pytest
import yaml

from local_cluster import KubectlError, LocalCluster

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: parrots.example.dev}
spec:
  group: example.dev
  scope: Namespaced
  names: {kind: Parrot, plural: parrots, singular: parrot}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                voltage: {type: integer, description: How many volts went through it.}
              x-kubernetes-validations:
                - {rule: self.voltage < 4000000, message: it would not voom}
"""

POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-spam}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
      - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}
  validations:
    - {expression: "object.metadata.name != 'spam'", message: no spam in here}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-spam}
spec: {policyName: no-spam, validationActions: [Deny]}
"""


def refusal(cluster: LocalCluster, *arguments: str, **options: str) -> str:
    with pytest.raises(KubectlError) as caught:
        cluster.run_kubectl(*arguments, **options)  # type: ignore[arg-type]
    return str(caught.value)


def first_refusal(cluster: LocalCluster, *arguments: str) -> str:
    """Repeat until it is refused: the server compiles policies in the background and serves requests meanwhile."""
    for _ in range(300):
        try:
            cluster.run_kubectl(*arguments)
        except KubectlError as error:
            return str(error)
    return "never refused"


def test_a_namespace_can_be_made(cluster: LocalCluster) -> None:
    cluster.run_kubectl("create", "namespace", "larch")

    names = cluster.run_kubectl("get", "namespaces", "-o", "name").split()

    assert {"namespace/larch", "namespace/default", "namespace/kube-system"} <= set(names)


def test_a_custom_resource_is_validated_and_explained(cluster: LocalCluster) -> None:
    cluster.run_kubectl("create", "-f", "-", stdin=CRD)
    cluster.run_kubectl("wait", "--for=condition=Established", "crd/parrots.example.dev", "--timeout=30s")
    parrot = {
        "apiVersion": "example.dev/v1",
        "kind": "Parrot",
        "metadata": {"name": "polly"},
        "spec": {"voltage": 4000000},
    }

    said = refusal(cluster, "create", "-f", "-", stdin=json.dumps(parrot))

    assert "it would not voom" in said
    assert "How many volts went through it." in cluster.run_kubectl("explain", "parrots.spec.voltage")


def test_an_admission_policy_refuses(cluster: LocalCluster) -> None:
    cluster.run_kubectl("create", "-f", "-", stdin=POLICY)

    assert "no spam in here" in first_refusal(cluster, "create", "configmap", "spam", "--dry-run=server")


def test_the_token_of_a_service_account_is_accepted(cluster: LocalCluster) -> None:
    cluster.run_kubectl("create", "serviceaccount", "robot")
    token = cluster.run_kubectl("create", "token", "robot").strip()
    context = ssl.create_default_context(cafile=str(cluster.ca_path))
    url = f"https://127.0.0.1:{cluster.state.ports.api_server}/apis/authentication.k8s.io/v1/selfsubjectreviews"
    body = b'{"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}'
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, context=context) as answer:  # noqa: S310 - as above
        who = json.load(answer)["status"]["userInfo"]["username"]

    assert who == "system:serviceaccount:default:robot"


def test_a_further_user_may_do_what_rbac_says_and_no_more(cluster: LocalCluster) -> None:
    user = cluster.kubeconfig_for("brian", ["judean-front"])
    assert "brian" in refusal(cluster, "get", "configmaps", kubeconfig=user)  # type: ignore[arg-type]

    cluster.run_kubectl("create", "role", "reader", "--verb=list", "--resource=configmaps")
    cluster.run_kubectl("create", "rolebinding", "readers", "--role=reader", "--group=judean-front")
    wait = ["auth", "can-i", "list", "configmaps", "--as=brian", "--as-group=judean-front"]
    assert cluster.run_kubectl(*wait).strip() == "yes"

    cluster.run_kubectl("get", "configmaps", kubeconfig=user)
    assert "forbidden" in refusal(cluster, "get", "secrets", kubeconfig=user)  # type: ignore[arg-type]


def test_files_with_keys_are_for_the_user_only(cluster: LocalCluster) -> None:
    further = cluster.kubeconfig_for("somebody")

    assert stat.S_IMODE(cluster.kubeconfig.stat().st_mode) == 0o600
    assert stat.S_IMODE(further.stat().st_mode) == 0o600
    keys = list(cluster.ca_path.parent.glob("*.key"))
    assert keys
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_etcd_and_the_secrets_in_it_are_closed_to_other_processes(cluster: LocalCluster) -> None:
    pki = cluster.ca_path.parent
    url = f"https://127.0.0.1:{cluster.state.ports.etcd}/v3/kv/range"
    known, stranger = (ssl.create_default_context(cafile=str(pki / "etcd-ca.crt")) for _ in range(2))
    known.load_cert_chain(pki / "etcd.crt", pki / "etcd.key")
    # The admin of the cluster is no client of etcd: the two have different authorities.
    stranger.load_cert_chain(pki / "admin.crt", pki / "admin.key")

    with urllib.request.urlopen(url, data=b'{"key": "AA=="}', context=known, timeout=10) as answer:
        assert answer.status == 200
    with pytest.raises(OSError, match=r"(?i)certificate|ssl|reset|eof"):
        urllib.request.urlopen(url, data=b'{"key": "AA=="}', context=stranger, timeout=10).close()


def test_a_shell_with_the_environment_can_use_kubectl(cluster: LocalCluster) -> None:
    answer = subprocess.run(
        ["/bin/sh", "-c", "kubectl config current-context && kubectl version -o yaml"],
        env=cluster.env(),
        capture_output=True,
        text=True,
        check=True,
    )

    context, _, versions = answer.stdout.partition("\n")
    said = yaml.safe_load(versions)
    assert context == "local-cluster"
    assert said["clientVersion"]["gitVersion"] == said["serverVersion"]["gitVersion"] == "v1.36.2"


def test_the_admin_may_do_everything(cluster: LocalCluster) -> None:
    assert cluster.run_kubectl("auth", "can-i", "*", "*").strip() == "yes"
