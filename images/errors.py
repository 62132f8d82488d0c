"""What goes wrong with images."""


class ImageError(RuntimeError):
    """An image could not be built; the message says what to do."""
