"""Images that are built from a user's folder."""

from .args import TrainingImageArgs
from .component import TrainingImage

__all__ = ["TrainingImage", "TrainingImageArgs"]
