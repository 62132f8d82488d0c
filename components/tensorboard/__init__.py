"""TensorBoard over what runs have logged."""

from .args import LogFolder, TensorBoardArgs
from .component import TensorBoard

__all__ = ["LogFolder", "TensorBoard", "TensorBoardArgs"]
