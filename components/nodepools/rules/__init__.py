"""What clouds refuse late, as rules that hold before anything is registered."""

from .rule import Rule, check

__all__ = ["Rule", "check"]
