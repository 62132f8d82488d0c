"""What runs on the nodes of pools beside jobs."""

from .args import DcgmExporterArgs, EfaDevicePluginArgs, NvidiaDevicePluginArgs
from .bandwidth import BandwidthTest
from .bandwidth_args import BandwidthTestArgs
from .component import DcgmExporter, EfaDevicePlugin, NvidiaDevicePlugin

__all__ = [
    "BandwidthTest",
    "BandwidthTestArgs",
    "DcgmExporter",
    "DcgmExporterArgs",
    "EfaDevicePlugin",
    "EfaDevicePluginArgs",
    "NvidiaDevicePlugin",
    "NvidiaDevicePluginArgs",
]
