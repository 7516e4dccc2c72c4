"""A real two-node Slurm on one machine: Debian's daemons, no systemd, one host name per node.

As a script it can be kept for a look around:

    python -m tests.slurm.cluster up
    sinfo; snakemake --profile slurm ...
    python -m tests.slurm.cluster down
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

NODES = ("node1", "node2")
CONF = Path("/etc/slurm/slurm.conf")  # where every client looks
CGROUP = CONF.with_name("cgroup.conf")
GRES = CONF.with_name("gres.conf")
MARK = "ClusterName=selavitest"
LOCK = Path("/tmp/selavi-slurm.lock")  # held as long as the cluster is up
HOSTS = Path("/etc/hosts")
TOOLS = ("slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "munged", "unshare")

# cred_expire: a requeued job waits for it. CPUs and memory are said, not found: a group of 20
# shards needs as many slots of a node, whatever the machine has.
TEMPLATE = """\
{mark}
SlurmctldHost=localhost
SlurmctldPort=16817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=cred_expire=5
MpiDefault=none
ProctrackType={tracking}
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
ReturnToService=1
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
SlurmctldTimeout=30
SlurmdTimeout=30
InactiveLimit=0
KillWait=20
MinJobAge=300
CompleteWait=0
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/log/jobs.log
JobAcctGatherType=jobacct_gather/linux
AccountingStorageType=accounting_storage/none
GresTypes=gpu
NodeName=node[1-2] NodeHostname=localhost NodeAddr=127.0.1.[1-2] Port=[17001-17002] \
CPUs=20 RealMemory=40000 Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=2-00:00:00 DefaultTime=00:10:00 \
DefMemPerCPU=500 PriorityTier=1 PreemptMode=REQUEUE GraceTime=20 State=UP
PartitionName=urgent Nodes=ALL MaxTime=2-00:00:00 DefaultTime=00:10:00 \
DefMemPerCPU=500 PriorityTier=10 PreemptMode=OFF State=UP
"""


def why_not() -> str:
    """Why Slurm cannot be started here; empty if it can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"{', '.join(missing)} not installed (Debian: slurmctld slurmd slurm-client munge)"
    if os.geteuid() != 0:
        return "starting Slurm's daemons needs root"
    if CONF.exists() and MARK not in CONF.read_text():
        return f"this machine belongs to a Slurm cluster ({CONF} is there)"
    return ""


class Cluster:
    """The daemons, their files in a folder of their own, and their configuration in /etc/slurm."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def up(self) -> None:
        """Start everything, and wait until both nodes are idle."""
        for name in ("state", "log", "run", *(f"spool-{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._munge()
        freezer = Path("/sys/fs/cgroup/freezer").is_dir()
        if freezer:
            CGROUP.write_text("CgroupPlugin=cgroup/v1\nCgroupMountpoint=/sys/fs/cgroup\n")
        # A GPU that no test computes on: any device file will do.
        devices = ("/dev/zero", "/dev/null")
        GRES.write_text("".join(f"NodeName=node[1-2] Name=gpu File={d}\n" for d in devices))
        names = HOSTS.read_text().splitlines()
        names += [f"127.0.1.{n} {node}" for n, node in enumerate(NODES, 1)]
        HOSTS.write_text("\n".join(dict.fromkeys(names)) + "\n")
        tracking = "proctrack/cgroup" if freezer else "proctrack/linuxproc"
        text = TEMPLATE.format(mark=MARK, folder=self.folder, tracking=tracking)
        CONF.write_text(text)
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        wait_for(lambda: out("sinfo", "-h", "-t", "idle", "-p", "main", "-o", "%D") == "2", 60)

    def start_controller(self) -> None:
        subprocess.run(["slurmctld"], check=True)
        wait_for(lambda: "UP" in out("scontrol", "ping"), 30)

    def start_node(self, node: str) -> None:
        start = f"hostname {node}; exec slurmd -N {node}"
        subprocess.run(["unshare", "--uts", "sh", "-c", start], check=True)

    def kill_controller(self) -> None:
        """As when the controller's machine loses power."""
        pid = int((self.folder / "run/slurmctld.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not alive(pid), 10)

    def down(self) -> None:
        """Cancel all jobs, stop the daemons, and leave no configuration behind."""
        with suppress(TimeoutError):
            subprocess.run(["scancel", "--user=root"], check=False)
            wait_for(lambda: not out("squeue", "--noheader"), 40)
        pids = [int(p.read_text()) for p in (self.folder / "run").glob("*.pid")]
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(TimeoutError, ProcessLookupError):
                for pid in filter(alive, pids):
                    os.kill(pid, number)
                wait_for(lambda: not any(map(alive, pids)), 20)
        # With a configuration but no controller, every start of snakemake waits nine seconds.
        for path in (CONF, GRES, CGROUP):
            path.unlink(missing_ok=True)
        kept = [
            n for n in HOSTS.read_text().splitlines() if n.split()[-1:] not in [[x] for x in NODES]
        ]
        HOSTS.write_text("\n".join(kept) + "\n")
        if (self.folder / "munge").exists():
            subprocess.run(["munged", "--stop"], check=False)

    def _munge(self) -> None:
        """Start munged, if it does not run already."""
        for path, mode in (
            ("/run/munge", 0o755),
            ("/var/lib/munge", 0o700),
            ("/var/log/munge", 0o700),
        ):
            Path(path).mkdir(exist_ok=True)
            shutil.chown(path, "munge", "munge")
            Path(path).chmod(mode)
        if out("munge", "-n"):
            return
        (self.folder / "munge").touch()  # ours to stop
        unprivileged = ["setpriv", "--reuid=munge", "--regid=munge", "--clear-groups"]
        if not Path("/etc/munge/munge.key").exists():
            subprocess.run([*unprivileged, "mungekey", "--create"], check=True)

        def started() -> bool:  # an earlier one, on its way out, may still hold the socket
            subprocess.run([*unprivileged, "munged"], check=False)
            return bool(out("munge", "-n"))

        wait_for(started, 30, "munged")


def end_leftovers() -> None:
    """End the daemons of tests that were killed: they live on, and hold the ports."""
    if not CONF.exists():
        return
    pids = [int(pid) for pid in out("pgrep", "-x", "slurmctld|slurmd|slurmstepd").split()]
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not any(map(alive, pids)), 20)


def out(*command: str) -> str:
    """What a command prints; nothing if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def about(job: str, key: str) -> str:
    found = re.search(rf"\b{key}=(\S+)", out("scontrol", "show", "job", job))
    return found[1] if found else ""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_for(condition: Callable[[], bool], seconds: float, what: str = "") -> None:
    """Wait until the condition holds. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what or condition} after {seconds} s")
        time.sleep(0.1)


if __name__ == "__main__":
    reason = why_not()
    if reason:
        sys.exit(reason)
    cluster = Cluster(Path("/tmp/selavi-slurm"))
    if sys.argv[1:] == ["up"]:
        cluster.up()
        print(out("sinfo"))
    elif sys.argv[1:] == ["down"]:
        cluster.down()
    else:
        sys.exit(__doc__)
