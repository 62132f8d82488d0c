"""How far a run is: a value that `up` waits by and the command line shows.

What the cluster says of a run is a `Look`; everything here but `reader` is a pure function of it.
"""

from .look import Look
from .phase import Phase
from .progress import Progress
from .ref import RunRef
from .roles import Role
from .run_status import RunStatus, status_of

__all__ = ["Look", "Phase", "Progress", "Role", "RunRef", "RunStatus", "status_of"]
