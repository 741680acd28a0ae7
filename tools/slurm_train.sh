#!/usr/bin/env bash
# Train as a Slurm job.
#
#   tools/slurm_train.sh PARTITION JOB_NAME CONFIG [ARGUMENTS OF tools/train.py ...]
#
# GPUS (processes in all, 4), GPUS_PER_NODE (4, 0 on a cluster without GPUs), CPUS_PER_TASK (5),
# SRUN_ARGS (further options of srun, split at spaces) and PYTHON are taken from the environment.
set -euo pipefail
if [ "$#" -lt 3 ]; then
  echo "usage: $0 PARTITION JOB_NAME CONFIG [ARGUMENTS ...]" >&2
  exit 2
fi
PARTITION=$1
JOB_NAME=$2
CONFIG=$3
shift 3
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/slurm_launch.sh
. "$TOOLS/slurm_launch.sh"
slurm_launch "$PARTITION" "$JOB_NAME" "$TOOLS/train.py" "$CONFIG" --launcher slurm "$@"
