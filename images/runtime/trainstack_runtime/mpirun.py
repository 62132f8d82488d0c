"""Command lines that start one process a rank on the hosts of a hostfile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

IMPLEMENTATIONS = ("OpenMPI", "Intel", "MPICH")


def command(
    implementation: str,
    *,
    hostfile: Path,
    ranks: int,
    slots: int,
    address: str,
    passed: Mapping[str, str],
    program: Sequence[str],
) -> list[str]:
    """The launch from `address`; `passed` are variables of its own that the ranks get too."""
    if implementation == "OpenMPI":
        named = [word for name in passed for word in ("-x", name)]
        return [
            *("mpirun", "--hostfile", str(hostfile), "-np", str(ranks)),
            *("--map-by", "slot", "--bind-to", "none", "--mca", "btl", "^openib"),
            *named,
            *program,
        ]
    # By value, as MPICH 5 passes on none that are only named (-genvlist).
    said = [word for name, value in passed.items() for word in ("-genv", name, value)]
    return [
        *("mpiexec.hydra", "-f", str(hostfile), "-n", str(ranks), "-ppn", str(slots)),
        *("-launcher", "ssh", *said),
        # Its hosts call back, and cannot resolve the short name of the launcher's pod.
        *(["-localhost", address] if implementation == "Intel" else []),
        *program,
    ]


def environment(implementation: str, *, hostfile: Path, ssh_config: Path) -> dict[str, str]:
    """What the launch command reads besides; newer releases have other names than older ones."""
    ssh = f"-F {ssh_config}"
    if implementation == "OpenMPI":
        return {
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "OMPI_MCA_orte_default_hostfile": str(hostfile),
            "OMPI_MCA_orte_keep_fqdn_hostnames": "true",
            "OMPI_MCA_plm_rsh_args": ssh,
            "PRTE_ALLOW_RUN_AS_ROOT": "1",
            "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "PRTE_MCA_plm_ssh_args": ssh,
            "PRTE_MCA_prte_default_hostfile": str(hostfile),
        }
    if implementation == "Intel":
        return {"I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS": ssh, "I_MPI_PERHOST": ""}
    return {"HYDRA_LAUNCHER_EXTRA_ARGS": ssh, "HYDRA_LAUNCH_EXTRA_ARGS": ssh}
