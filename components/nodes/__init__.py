"""What runs on the nodes of pools beside jobs."""

from .args import DcgmExporterArgs, EfaDevicePluginArgs, NvidiaDevicePluginArgs
from .component import DcgmExporter, EfaDevicePlugin, NvidiaDevicePlugin

__all__ = [
    "DcgmExporter",
    "DcgmExporterArgs",
    "EfaDevicePlugin",
    "EfaDevicePluginArgs",
    "NvidiaDevicePlugin",
    "NvidiaDevicePluginArgs",
]
