"""Training with TensorFlow: `TFJob`."""

from .args import PS, Chief, Evaluator, TFJobArgs
from .component import TFJob

__all__ = ["PS", "Chief", "Evaluator", "TFJob", "TFJobArgs"]
