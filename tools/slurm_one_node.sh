#!/usr/bin/env bash
# Start a Slurm cluster of one node on this machine, run a command in it, stop it again.
#
#   sudo tools/slurm_one_node.sh COMMAND [ARG ...]
#
# For trying tools/slurm_train.sh and tools/slurm_test.sh without a cluster. Needs root and the
# Debian packages slurm-wlm and munge (apt-get install slurm-wlm munge). All state lies in a
# temporary folder that goes away at the end. Exit code: the command's.
set -euo pipefail

if [ $# -eq 0 ]; then
  sed -n '2,9p' "$0" >&2
  exit 2
fi
for program in slurmctld slurmd munged srun; do
  if ! command -v "$program" >/dev/null; then
    echo "error: $program is not installed: apt-get install slurm-wlm munge" >&2
    exit 1
  fi
done

state=$(mktemp -d)
node=$(hostname -s)
cores=$(nproc --all) # plain nproc would obey OMP_NUM_THREADS
export SLURM_CONF="$state/slurm.conf"

cat >"$SLURM_CONF" <<EOF
ClusterName=onenode
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=46817
SlurmdPort=46818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$state/munge.socket
CryptoType=crypto/munge
StateSaveLocation=$state/ctld
SlurmdSpoolDir=$state/slurmd
SlurmctldPidFile=$state/slurmctld.pid
SlurmdPidFile=$state/slurmd.pid
SlurmctldLogFile=$state/slurmctld.log
SlurmdLogFile=$state/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=5
SelectType=select/linear
ReturnToService=2
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
NodeName=$node NodeAddr=127.0.0.1 Sockets=1 CoresPerSocket=$cores ThreadsPerCore=1 State=UNKNOWN
PartitionName=debug Nodes=$node Default=YES MaxTime=INFINITE State=UP
EOF
mkdir -p "$state/ctld" "$state/slurmd"
chmod 755 "$state"

stop() {
  for name in slurmd slurmctld munged; do
    if [ -s "$state/$name.pid" ]; then
      kill "$(cat "$state/$name.pid")" 2>/dev/null || true
    fi
  done
  sleep 1
  rm -rf "$state"
}
trap stop EXIT

head -c 1024 /dev/urandom >"$state/munge.key"
chmod 600 "$state/munge.key"
munged --force --socket="$state/munge.socket" --key-file="$state/munge.key" \
  --log-file="$state/munged.log" --pid-file="$state/munged.pid" --seed-file="$state/munge.seed"
slurmctld
for _ in $(seq 20); do
  if scontrol ping 2>/dev/null | grep -q 'UP'; then break; fi
  sleep 0.5
done

# A node that registers while the controller is still starting can stay unusable: a job step
# that really runs is the only sure sign, and a slurmd started anew the remedy.
for _ in $(seq 10); do
  slurmd
  sleep 1
  if srun --immediate=3 --ntasks "$cores" true 2>/dev/null; then
    ready=1
    until [ "$(sinfo -h -o %t)" = idle ]; do sleep 0.5; done  # it still cleans up after the step
    sleep 2
    break
  fi
  kill "$(cat "$state/slurmd.pid")" 2>/dev/null || true
  sleep 1
done
if [ -z "${ready:-}" ]; then
  echo "error: the node did not come up; the end of its logs:" >&2
  tail -n 5 "$state"/*.log >&2
  exit 1
fi

"$@"
