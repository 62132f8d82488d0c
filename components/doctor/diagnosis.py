"""From the evidence to what is wrong, in words."""

from __future__ import annotations

from ..status import Phase
from ..status.phase import phase_of
from .controllers import controllers
from .ending import ending
from .evidence import Evidence
from .finding import Finding
from .placing import placing


def diagnose(evidence: Evidence) -> tuple[Finding, ...]:
    """Everything that is wrong, causes before their consequences; empty when nothing is.

    Of a run that went well nothing is wrong, whatever has become of what it needed.
    """
    if evidence.look is not None and phase_of(evidence.look) is Phase.SUCCEEDED:
        return ()
    return (*controllers(evidence), *placing(evidence), *ending(evidence))
