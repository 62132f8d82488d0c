"""What is taken out of iptables, and what stays."""

from __future__ import annotations

from devcluster.firewall import _empty, _removal, rules
from devcluster.settings import NAME, Settings

SAVED = [
    ":INPUT ACCEPT [0:0]",
    ":KUBE-SERVICES - [0:0]",
    ":KUBE-SVC-ABC - [0:0]",
    ":DOCKER - [0:0]",
    f"-A INPUT -i tsdev0 -m comment --comment {NAME} -j ACCEPT",
    f"-A INPUT -i eth1 -m comment --comment {NAME}-2 -j ACCEPT",
    '-A INPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A INPUT -m comment --comment "KUBE- in words" -j DOCKER',
    "-A KUBE-SERVICES -d 10.0.0.1/32 -j KUBE-SVC-ABC",
    "-A DOCKER -j RETURN",
]


def test_ours_and_the_proxys_are_removed_and_nothing_else() -> None:
    assert _removal("filter", SAVED).splitlines() == [
        "*filter",
        ":KUBE-SERVICES - [0:0]",
        ":KUBE-SVC-ABC - [0:0]",
        f"-D INPUT -i tsdev0 -m comment --comment {NAME} -j ACCEPT",
        '-D INPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
        "-X KUBE-SERVICES",
        "-X KUBE-SVC-ABC",
        "COMMIT",
    ]


def test_a_table_of_others_is_left_alone() -> None:
    assert _removal("filter", [":DOCKER - [0:0]", "-A DOCKER -j RETURN"]) == ""


def test_a_table_is_empty_only_without_rules_chains_and_policies() -> None:
    assert _empty([":INPUT ACCEPT [0:0]", ":OUTPUT ACCEPT [3:4]"])
    assert not _empty([":INPUT DROP [0:0]"])
    assert not _empty([":MINE - [0:0]"])
    assert not _empty([":INPUT ACCEPT [0:0]", "-A INPUT -j DROP"])


def test_nobody_outside_reaches_the_node_address() -> None:
    node = str(Settings().node_address)
    dropped = [rule for rule in rules(Settings()) if rule[1] == "INPUT" and rule[-1] == "DROP"]
    assert [node in rule[3] for rule in dropped] == [True]
