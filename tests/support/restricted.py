"""A pod of a job that keeps to the restricted profile, and ways to break it."""

from __future__ import annotations

from typing import Any

OVERLAY: dict[str, Any] = {
    "spec": {
        "securityContext": {
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "pytorch",
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ],
    }
}
"""What makes an ElasticJob's or PyTorchJob's pods restricted."""

_OWN = "spec/containers/0/securityContext"
_POD = "spec/securityContext"
_PROBE = {"httpGet": {"host": "10.0.0.1", "port": 80}}

BREAKS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "host network": ({"spec/hostNetwork": True}, ["hostNetwork"]),
    "host PIDs": ({"spec/hostPID": True}, ["hostPID"]),
    "host IPC": ({"spec/hostIPC": True}, ["hostIPC"]),
    "host process": (
        {f"{_POD}/windowsOptions": {"hostProcess": True}, "spec/hostNetwork": True},
        ["hostNetwork", "securityContext.windowsOptions.hostProcess"],
    ),
    "host port": (
        {"spec/containers/0/ports": [{"containerPort": 80, "hostPort": 80}]},
        ["containers[0].ports[0].hostPort"],
    ),
    "host path": (
        {"spec/volumes": [{"name": "trainstack-shm", "hostPath": {"path": "/dev/shm"}}]},
        ["volumes[0]"],
    ),
    "NFS": (
        {"spec/volumes": [{"name": "trainstack-shm", "nfs": {"path": "/x", "server": "y"}}]},
        ["volumes[0]"],
    ),
    "privileged": (
        {f"{_OWN}/privileged": True, f"{_OWN}/allowPrivilegeEscalation": True},
        [
            "containers[0].securityContext.privileged",
            "containers[0].securityContext.allowPrivilegeEscalation",
        ],
    ),
    "escalation unsaid": (
        {f"{_OWN}/allowPrivilegeEscalation": None},
        ["containers[0].securityContext.allowPrivilegeEscalation"],
    ),
    "capabilities unsaid": (
        {f"{_OWN}/capabilities": None},
        ["containers[0].securityContext.capabilities.drop"],
    ),
    "capability added": (
        {f"{_OWN}/capabilities/add": ["NET_BIND_SERVICE", "IPC_LOCK"]},
        ["containers[0].securityContext.capabilities.add"],
    ),
    "some dropped": (
        {f"{_OWN}/capabilities/drop": ["NET_RAW"]},
        ["containers[0].securityContext.capabilities.drop"],
    ),
    "root unsaid": (
        {f"{_POD}/runAsNonRoot": None},
        ["containers[0].securityContext.runAsNonRoot"],
    ),
    "root again": (
        {f"{_OWN}/runAsNonRoot": False},
        ["containers[0].securityContext.runAsNonRoot"],
    ),
    "root of the pod": (
        {f"{_POD}/runAsNonRoot": False, f"{_OWN}/runAsNonRoot": True},
        ["securityContext.runAsNonRoot"],
    ),
    "user 0 of the pod": ({f"{_POD}/runAsUser": 0}, ["securityContext.runAsUser"]),
    "user 0 of a container": (
        {f"{_OWN}/runAsUser": 0},
        ["containers[0].securityContext.runAsUser"],
    ),
    "seccomp unsaid": (
        {f"{_POD}/seccompProfile": None},
        ["containers[0].securityContext.seccompProfile.type"],
    ),
    "seccomp off": (
        {
            f"{_POD}/seccompProfile/type": "Unconfined",
            f"{_OWN}/seccompProfile": {"type": "RuntimeDefault"},
        },
        ["securityContext.seccompProfile.type"],
    ),
    "seccomp off in a container": (
        {f"{_OWN}/seccompProfile": {"type": "Unconfined"}},
        ["containers[0].securityContext.seccompProfile.type"],
    ),
    "AppArmor off": (
        {f"{_OWN}/appArmorProfile": {"type": "Unconfined"}},
        ["containers[0].securityContext.appArmorProfile.type"],
    ),
    "SELinux type": (
        {f"{_OWN}/seLinuxOptions": {"type": "spc_t"}},
        ["containers[0].securityContext.seLinuxOptions.type"],
    ),
    "SELinux user": (
        {f"{_POD}/seLinuxOptions": {"user": "system_u"}},
        ["securityContext.seLinuxOptions.user"],
    ),
    "procfs unmasked": (
        {f"{_OWN}/procMount": "Unmasked", "spec/hostUsers": False},
        ["containers[0].securityContext.procMount"],
    ),
    "sysctl": (
        {f"{_POD}/sysctls": [{"name": "kernel.msgmax", "value": "1"}]},
        ["securityContext.sysctls[0].name"],
    ),
    "probe of a host": (
        {"spec/containers/0/livenessProbe": _PROBE},
        ["containers[0].livenessProbe.httpGet.host"],
    ),
    "init container": (
        {"spec/initContainers": [{"name": "before", "image": "busybox:1"}]},
        [
            f"initContainers[0].securityContext.{field}"
            for field in (
                "allowPrivilegeEscalation",
                "capabilities.drop",
            )
        ],
    ),
}
"""Changes of a restricted pod template, and where the pod spec then is not restricted."""

KEEPS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "said by the container": {
        _POD: None,
        f"{_OWN}/runAsNonRoot": True,
        f"{_OWN}/seccompProfile": {"type": "RuntimeDefault"},
    },
    "low ports": {f"{_OWN}/capabilities/add": ["NET_BIND_SERVICE"]},
    "a claim": {
        "spec/volumes": [{"name": "trainstack-shm", "persistentVolumeClaim": {"claimName": "c"}}]
    },
    "a safe sysctl": {
        f"{_POD}/sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}],
    },
    "a user": {f"{_POD}/runAsUser": 1000},
    "SELinux type": {f"{_OWN}/seLinuxOptions": {"type": "container_t"}},
    "own AppArmor profile": {f"{_POD}/appArmorProfile": {"type": "RuntimeDefault"}},
    "probe of the pod": {"spec/containers/0/livenessProbe": {"httpGet": {"port": 80}}},
}
"""Changes of a restricted pod template that leave it restricted."""
