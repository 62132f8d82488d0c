"""Asks the cluster's DNS for a name, the way a pod does."""

from __future__ import annotations

import socket
import struct

from .settings import DOMAIN, Settings


def dns_answers(settings: Settings, timeout: float = 2) -> bool:
    """Whether kube-dns knows the API server's own service, through its service address."""
    question = _question(f"kubernetes.default.svc.{DOMAIN}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(timeout)
        try:
            udp.sendto(question, (str(settings.dns_address), 53))
            answer = udp.recv(512)
        except OSError:
            return False
    return answer[:2] == question[:2] and settings.service_network[1].packed in answer


def _question(name: str) -> bytes:
    header = struct.pack(">6H", 0x7473, 0x0100, 1, 0, 0, 0)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return header + labels + b"\0" + struct.pack(">2H", 1, 1)
