"""What every job kind lets a user say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import pulumi
from pydantic import BeforeValidator, Field, model_validator

from .checkpoint import CHECKPOINT_DIR, Checkpoint
from .cluster import Cluster
from .env import Env, Secrets
from .gang import Gang
from .grace import check_grace
from .hyperparameters import Hyperparameters
from .image import JobImage
from .inputs import In
from .model import Args
from .mounts import Mount
from .names import Fragment, Label, LabelKey, LabelValue, Namespace, Subdomain
from .overlay import PodOverlay
from .policy import SECONDS, RunPolicy, Seconds
from .pool import POOL, JobPool, PoolProfile
from .program import PROGRAM_DIR, Program
from .quantity import as_bytes
from .queue import QUEUE, JobQueue, NamedQueue
from .replica import Replica
from .resources import Resources
from .shown import shown

LEAST_TTL_WHILE_WAITING = 60
Wait = Literal["accepted", "running", "finished"]
OnChange = Literal["replace", "overlap", "refuse"]


def _shared_memory(value: Any) -> bool | str:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or not value[:1].isdecimal():
        raise ValueError(f"got {shown(value)}: must be True, False or a size such as '8Gi'")
    return as_bytes(value)


class JobArgs(Args):
    """The fields that every job kind has."""

    NOT_THE_RUN: ClassVar[frozenset[str]] = frozenset(
        {
            *("annotations", "cluster", "labels", "on_change", "operator", "run_name"),
            *("suspend", "timeout", "version", "wait"),
        }
    )
    """Fields that say nothing about the run itself and so leave its version alone."""
    ELSEWHERE: ClassVar[Mapping[str, str]] = {
        "accelerator": "say pool",
        "cache": "not needed, an unchanged run does not run again",
        "cache_version": "say version, or attempt to run the same again",
        "container_image": "say image",
        "disable_deck": "not needed, trainstack_runtime.deck writes one when it is called",
        "enable_deck": "not needed, trainstack_runtime.deck writes one when it is called",
        "environment": "say env",
        "increase_shared_mem": "say shared_memory, which is on unless it is False",
        "interruptible": "say tolerations in pod_overlay, and a restart_policy",
        "limits": "say resources, or limits of a role",
        "pod_template": "say pod_overlay",
        "requests": "say resources, or requests of a role",
        "retries": "say run_policy.backoff_limit",
        "secret_requests": "say secrets",
        "task_config": "say its fields here",
    }

    ALLOWED: ClassVar[Mapping[str, str]] = {
        "operator": "an operator component or another resource",
        "pool": POOL,
        "queue": "the name of a LocalQueue, or a Queue",
        "program": '{"script": …}, {"module": …} or {"function": …}',
        "timeout": SECONDS,
    }

    run_name: Label | None = None
    """First part of the object's name `<run_name>-<version>`; default: the logical name."""
    image: JobImage | None = None
    """Container image of all replicas that name none: a reference, or a `TrainingImage`."""
    image_pull_secrets: list[In[Subdomain]] = []
    """Names of Secrets with registry credentials, in the job's namespace."""
    program: Program | None = None
    """Script, module or function that the launch runtime in the image starts; excludes
    `command`."""
    command: Annotated[list[In[str]], Field(min_length=1)] | None = None
    """Replaces the image's entry point, without the launch runtime; excludes `program`."""
    args: list[In[str]] = []
    """Arguments, passed on after the hyperparameters."""
    hyperparameters: Hyperparameters = {}
    """Names and scalars, passed on as sorted `--name=value`; bools become `true` and `false`."""
    env: Env = {}
    """Environment variables of the training containers; numbers become text."""
    secrets: Secrets = {}
    """Environment variables that are read from Kubernetes Secrets."""
    namespace: In[Namespace] = "default"
    """Namespace of everything the job makes; default `"default"`, never a context's."""
    resources: Resources | None = None
    """Requests and limits of each training container that has none of its own."""
    pool: JobPool | None = None
    """The nodes that pods run on: a `PoolProfile`, the same as a dict, or a pool that has a
    `profile`. Pods that train get all GPUs of a node unless they say `gpu`; default: any nodes."""
    shared_memory: Annotated[bool | str, BeforeValidator(_shared_memory)] = True
    """Memory-backed /dev/shm: `True` (default) with the pool's limit, or without one, a size such
    as `"8Gi"` in bytes, or `False` for the container runtime's 64 MiB."""
    mounts: list[Mount] = []
    """Folders that training containers see, each at a path of its own."""
    checkpoint: Checkpoint | None = None
    """Where the run keeps checkpoints and resumes from; needs `program`, and an image with the
    launch runtime. Default: nowhere."""
    service_account: In[Subdomain] | None = None
    """ServiceAccount of the pods; default: the namespace's default one."""
    queue: JobQueue | None = None
    """Kueue queue that starts the run, with all its pods, when its quota has room: the name of a
    LocalQueue in the job's namespace, or a `Queue`; excludes `suspend`. Default: none, it starts at
    once."""
    gang: Gang | None = None
    """Who starts the pods of the run together or not at all; default: the cluster's scheduler, one
    by one."""
    priority: Subdomain | None = None
    """PriorityClass of the pods, by which a queue orders runs too; default: the cluster's."""
    labels: dict[LabelKey, In[LabelValue]] = {}
    """Labels of the job object; changed in place."""
    annotations: dict[LabelKey, In[str]] = {}
    """Annotations of the job object; changed in place."""
    pod_overlay: PodOverlay = {}
    """A partial pod template, laid over every role's pods."""
    run_policy: RunPolicy = RunPolicy.model_construct()
    """Deadline, failure limit and cleaning up."""
    operator: pulumi.Resource | None = None
    """The operator component that the job needs; default: the cluster brings its own."""
    cluster: Cluster | None = None
    """The cluster to run on; default: the provider's, or the current context."""
    version: Fragment | None = None
    """Names the run; default: a hash over all that makes up the run."""
    attempt: Annotated[int, Field(ge=1, le=999, strict=True)] = 1
    """Raise it to run the same thing again on purpose; default 1."""
    suspend: bool = False
    """Whether the run is stopped, its object and checkpoints kept, until this is `False` (default)
    again; changed in place."""
    on_change: OnChange = "replace"
    """What a changed run does to the one before: `"replace"` (default) stops it first, `"overlap"`
    once the new one is running or finished, as `wait` says, and `"refuse"` fails while it is
    live."""
    wait: Wait = "accepted"
    """What `pulumi up` waits for: `"accepted"` (default), `"running"` or `"finished"`."""
    timeout: Seconds | None = None
    """Seconds to wait at most; default: no limit. Needs `wait`."""

    @property
    def needs(self) -> list[pulumi.Resource]:
        """What has to be there before the job: images that are built, operator, queue, pools."""
        images = [self.image, *(role.image for role in self.own_roles)]
        said = [*images, self.operator, self.queue, *(pool.made_by for pool in self.pools)]
        return [one for one in said if isinstance(one, pulumi.Resource)]

    @property
    def pools(self) -> list[PoolProfile]:
        """All pools that are said, of the job and its roles."""
        said = [self.pool, *(role.pool for role in self.own_roles)]
        return [pool for pool in said if pool is not None]

    @property
    def own_roles(self) -> list[Replica]:
        """The roles that have fields of their own."""
        return [value for _, value in self if isinstance(value, Replica)]

    @property
    def overlays(self) -> list[PodOverlay]:
        """All pod overlays, of the job and its roles."""
        return [self.pod_overlay, *(role.pod_overlay for role in self.own_roles)]

    @property
    def idle_gpus(self) -> str | None:
        """Which field leaves GPUs of a pod without a rank, and how many; None: as far as known, no
        field does."""
        return None

    def pool_of(self, role: Replica) -> PoolProfile | None:
        """The pool that a role's pods run in."""
        return self.pool if role.pool is None else role.pool

    def trains(self, role: Replica) -> bool:
        """Whether a role's pods get the GPUs of their pool without asking for them."""
        return role.TRAINS

    @model_validator(mode="after")
    def _no_contradiction(self) -> JobArgs:
        if self.program is not None and self.command is not None:
            raise ValueError("give either program or command, not both")
        _check_function(self)
        if self.timeout is not None and self.wait == "accepted":
            raise ValueError(f"timeout: got {self.timeout}, but wait is 'accepted': nothing waits")
        _check_overlap(self)
        _check_queue(self)
        _check_paths(self)
        _check_checkpoint(self)
        check_grace(self)
        both = sorted(self.env.keys() & self.secrets.keys())
        if both:
            raise ValueError(f"secrets.{both[0]}: also given in env")
        for key in self.labels:
            if key.startswith("trainstack.dev/"):
                raise ValueError(f"labels: got {key!r}: trainstack.dev/ is the library's own")
        return self


def _check_function(args: JobArgs) -> None:
    """A function has inputs, and no command line."""
    if args.program is None or args.program.function is None:
        return
    for field in ("hyperparameters", "args"):
        if getattr(args, field):
            raise ValueError(f"{field}: a function is called with program.inputs; say it there")
    for name, value in args:
        if isinstance(value, Replica) and value.args and value.command is None:
            raise ValueError(f"{name}.args: a function is called with program.inputs")


def _check_overlap(args: JobArgs) -> None:
    """The old run stops once the new one has got somewhere, and under another name."""
    if args.on_change != "overlap":
        return
    if args.wait == "accepted":
        raise ValueError(
            "on_change: got 'overlap', but wait is 'accepted': the old run stops when the new one "
            "is 'running' or 'finished'; say wait"
        )
    if args.suspend:
        raise ValueError(
            "on_change: got 'overlap' with suspend=True: nothing waits for a suspended run, so the "
            "old one would stop at once; say 'replace' as long as it is suspended"
        )
    if args.version is not None:
        raise ValueError(
            f"on_change: got 'overlap' with version={args.version!r}: two runs at a time need two "
            "names; leave version out"
        )


def _check_queue(args: JobArgs) -> None:
    """Who lets the run start is either its user or its queue."""
    if args.queue is None:
        return
    if args.suspend:
        raise ValueError(
            "suspend: got True, but queue is given, which starts the run when there is room; "
            "leave one of them out"
        )
    if QUEUE in args.labels:
        raise ValueError(f"labels: got {QUEUE!r}, which queue says already")
    if isinstance(args.queue, NamedQueue) and isinstance(args.namespace, str):
        known = args.queue.queue_namespaces
        if args.namespace not in known:
            raise ValueError(
                f"namespace: got {args.namespace!r}, but the queue {args.queue.queue_name!r} is "
                f"for {', '.join(map(repr, known))}"
            )


def _check_checkpoint(args: JobArgs) -> None:
    if args.checkpoint is not None and args.program is None:
        raise ValueError(
            "checkpoint: needs program, since the launch runtime keeps the checkpoints; for a "
            "command of your own give mounts"
        )
    ttl = args.run_policy.ttl_seconds_after_finished
    if ttl is not None and args.checkpoint is None:
        raise ValueError(
            f"run_policy.ttl_seconds_after_finished: got {ttl}: needs checkpoint, where the run "
            "is marked as finished; else an object that removed itself would be made again, and "
            "trained again, by the next refresh and up"
        )
    if ttl is not None and args.wait != "accepted" and ttl < LEAST_TTL_WHILE_WAITING:
        raise ValueError(
            f"run_policy.ttl_seconds_after_finished: got {ttl}: must be {LEAST_TTL_WHILE_WAITING} "
            f"or more with wait={args.wait!r}, which has to see how the run ended"
        )


def _check_paths(args: JobArgs) -> None:
    paths = [mount.path.rstrip("/") or "/" for mount in args.mounts]
    for path in paths:
        if paths.count(path) > 1:
            raise ValueError(f"mounts: {path!r} is given more than once")
        if path == "/":
            raise ValueError("mounts: '/' would hide the image")
    fabrics = [pool.fabric for pool in args.pools if pool.fabric is not None]
    taken = {folder: "libraries of the pool" for fabric in fabrics for folder in fabric.folders}
    if _has_files(args):
        taken[PROGRAM_DIR] = "the program's source"
    if args.checkpoint is not None:
        taken[CHECKPOINT_DIR] = "the checkpoints"
    for folder, content in taken.items():
        for path in paths:
            if path == folder or path.startswith(f"{folder}/"):
                raise ValueError(f"mounts: {path!r}: {folder!r} holds {content}")
    if args.shared_memory is not False and "/dev/shm" in paths:
        raise ValueError("mounts: '/dev/shm' is mounted by shared_memory; set it to False")


def _has_files(args: JobArgs) -> bool:
    return args.program is not None and args.program.has_files
