"""The "restricted" pod security standard of Kubernetes, one function a control.

<https://kubernetes.io/docs/concepts/security/pod-security-standards/>
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from .finding import Config, Finding, Findings, items, mapping
from .pods import Pods, pods

_VOLUMES = frozenset(
    {
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"),
        *("persistentVolumeClaim", "projected", "secret"),
    }
)
_PROFILES = ("RuntimeDefault", "Localhost")
_SELINUX_TYPES = ("container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_SYSCTLS = frozenset(
    {
        *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies"),
        *("net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start"),
        *("net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time"),
        *("net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
        *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
    }
)
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def restricted(manifest: Mapping[str, Any], config: Config) -> Findings:
    """Pods that a namespace with the restricted profile would refuse."""
    for role in pods(manifest):
        for control in CONTROLS:
            yield from control(role)


def _host_namespaces(role: Pods) -> Findings:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if role.spec.get(field):
            yield Finding(f"{role.path}.{field}", role.spec[field], "must be false or unset")


def _host_process(role: Pods) -> Findings:
    for path, context in _contexts(role):
        host = mapping(context.get("windowsOptions")).get("hostProcess")
        if host:
            yield Finding(f"{path}.windowsOptions.hostProcess", host, "must be false or unset")


def _host_ports(role: Pods) -> Findings:
    for path, container in role.containers():
        for index, port in enumerate(items(container.get("ports"))):
            host_port = mapping(port).get("hostPort")
            if host_port:
                where = f"{path}.ports[{index}].hostPort"
                yield Finding(where, host_port, "must be 0 or unset")


def _host_probes(role: Pods) -> Findings:
    for path, container in role.containers():
        hooks = mapping(container.get("lifecycle"))
        handlers = {
            **{name: container.get(name) for name in _PROBES},
            **{f"lifecycle.{name}": hooks.get(name) for name in ("postStart", "preStop")},
        }
        for (name, handler), action in product(handlers.items(), ("httpGet", "tcpSocket")):
            host = mapping(mapping(handler).get(action)).get("host")
            if host:
                yield Finding(f"{path}.{name}.{action}.host", host, "must be unset")


def _volume_types(role: Pods) -> Findings:
    for index, volume in enumerate(items(role.spec.get("volumes"))):
        for kind in sorted(mapping(volume).keys() - _VOLUMES - {"name"}):
            where = f"{role.path}.volumes[{index}]"
            yield Finding(where, kind, f"must be one of {', '.join(sorted(_VOLUMES))}")


def _privileges(role: Pods) -> Findings:
    for path, context in _container_contexts(role):
        if context.get("privileged"):
            yield Finding(f"{path}.privileged", context["privileged"], "must be false or unset")
        escalation = context.get("allowPrivilegeEscalation")
        if escalation is not False:
            yield Finding(f"{path}.allowPrivilegeEscalation", escalation, "must be false")


def _capabilities(role: Pods) -> Findings:
    for path, context in _container_contexts(role):
        capabilities = mapping(context.get("capabilities"))
        dropped = items(capabilities.get("drop"))
        if "ALL" not in dropped:
            got = UNKNOWN if UNKNOWN in dropped else capabilities.get("drop")
            yield Finding(f"{path}.capabilities.drop", got, "must have 'ALL'")
        for name in items(capabilities.get("add")):
            if name != "NET_BIND_SERVICE":
                yield Finding(f"{path}.capabilities.add", name, "must be 'NET_BIND_SERVICE'")


def _users(role: Pods) -> Findings:
    whole = _pod_context(role)
    for path, context in _contexts(role):
        if context.get("runAsUser") in (0, UNKNOWN):
            user = context["runAsUser"]
            yield Finding(f"{path}.runAsUser", user, "must not be 0, which is root")
        if context.get("runAsNonRoot") not in (None, True):
            yield Finding(f"{path}.runAsNonRoot", context["runAsNonRoot"], "must be true")
    for path, context in _container_contexts(role):
        if context.get("runAsNonRoot") is None and whole.get("runAsNonRoot") is None:
            yield Finding(f"{path}.runAsNonRoot", None, "must be true, here or for the pod")


def _seccomp(role: Pods) -> Findings:
    whole = _type_of(_pod_context(role), "seccompProfile")
    allowed = f"must be {' or '.join(_PROFILES)}"
    for path, context in _contexts(role):
        profile = _type_of(context, "seccompProfile")
        if profile not in (None, *_PROFILES):
            yield Finding(f"{path}.seccompProfile.type", profile, allowed)
    for path, context in _container_contexts(role):
        if whole is None and _type_of(context, "seccompProfile") is None:
            yield Finding(f"{path}.seccompProfile.type", None, f"{allowed}, here or for the pod")


def _apparmor(role: Pods) -> Findings:
    for path, context in _contexts(role):
        profile = _type_of(context, "appArmorProfile")
        if profile is not None and profile not in _PROFILES:
            allowed = f"must be {' or '.join(_PROFILES)} or unset"
            yield Finding(f"{path}.appArmorProfile.type", profile, allowed)
    annotations = mapping(mapping(role.metadata).get("annotations"))
    for name, profile in annotations.items():
        safe = profile in ("", "runtime/default") or str(profile).startswith("localhost/")
        if name.startswith(_APPARMOR) and not safe:
            yield Finding(f"annotations[{name}]", profile, "must be runtime/default or localhost/*")


def _selinux(role: Pods) -> Findings:
    for path, context in _contexts(role):
        options = mapping(context.get("seLinuxOptions"))
        if options.get("type") and options["type"] not in _SELINUX_TYPES:
            allowed = f"must be one of {', '.join(_SELINUX_TYPES)}, or unset"
            yield Finding(f"{path}.seLinuxOptions.type", options["type"], allowed)
        for field in ("user", "role"):
            if options.get(field):
                yield Finding(f"{path}.seLinuxOptions.{field}", options[field], "must be unset")


def _proc_mount(role: Pods) -> Findings:
    for path, context in _container_contexts(role):
        if context.get("procMount") not in (None, "Default"):
            yield Finding(f"{path}.procMount", context["procMount"], "must be Default or unset")


def _sysctls(role: Pods) -> Findings:
    for index, sysctl in enumerate(items(_pod_context(role).get("sysctls"))):
        name = mapping(sysctl).get("name")
        if name not in _SYSCTLS:
            where = f"{role.path}.securityContext.sysctls[{index}].name"
            yield Finding(where, name, "must be a sysctl that is safe to set")


CONTROLS: tuple[Callable[[Pods], Findings], ...] = (
    _host_namespaces,
    _host_process,
    _host_ports,
    _host_probes,
    _volume_types,
    _privileges,
    _capabilities,
    _users,
    _seccomp,
    _apparmor,
    _selinux,
    _proc_mount,
    _sysctls,
)


def _pod_context(role: Pods) -> Mapping[str, Any]:
    return mapping(role.spec.get("securityContext"))


def _container_contexts(role: Pods) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, container in role.containers():
        yield f"{path}.securityContext", mapping(container.get("securityContext"))


def _contexts(role: Pods) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The pod's security context and all containers'."""
    yield f"{role.path}.securityContext", _pod_context(role)
    yield from _container_contexts(role)


def _type_of(context: Mapping[str, Any], field: str) -> Any:
    return mapping(context.get(field)).get("type")
