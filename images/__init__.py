"""Container images that carry the launch runtime, and their builder."""

from .build import Image, ensure, find
from .errors import ImageError
from .recipe import IMAGES

__all__ = ["IMAGES", "Image", "ImageError", "ensure", "find"]
