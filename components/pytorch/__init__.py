"""Training with PyTorch: `PyTorchJob` and `ElasticJob`."""

from .args import ElasticJobArgs, Master, PyTorchJobArgs
from .component import ElasticJob, PyTorchJob

__all__ = ["ElasticJob", "ElasticJobArgs", "Master", "PyTorchJob", "PyTorchJobArgs"]
