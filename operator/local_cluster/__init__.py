"""A real Kubernetes API server on this machine, without containers: etcd and kube-apiserver as child processes.

For tests, demos and trying things out. There is no controller-manager, no scheduler and no node: objects are stored,
validated, watched and guarded by RBAC, and nothing else happens to them.

    from local_cluster import LocalCluster

    with LocalCluster.start(tmp_path) as cluster:
        cluster.run_kubectl("apply", "-f", "crds/")

On the command line: `python -m local_cluster --help`. In pytest: `local_cluster.pytest_plugin`.
"""

from local_cluster.cluster import LocalCluster
from local_cluster.control_plane import ControlPlane
from local_cluster.directory import down
from local_cluster.errors import KubectlError, LocalClusterError
from local_cluster.options import Options

__all__ = ["ControlPlane", "KubectlError", "LocalCluster", "LocalClusterError", "Options", "down"]
