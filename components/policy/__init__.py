"""Rules for training stacks, as pure functions and as a Pulumi policy pack."""

from .finding import Finding
from .rules import RULES, Rule, rule

__all__ = ["RULES", "Finding", "Rule", "rule"]
