#!/usr/bin/env bash
# Sourced by slurm_train.sh and slurm_test.sh: start a script as a Slurm job step.

# slurm_launch PARTITION JOB_NAME SCRIPT [ARGUMENTS ...]
slurm_launch() {
  local partition=$1 name=$2
  shift 2
  local tasks=${GPUS:-4}
  local gpus_per_node=${GPUS_PER_NODE:-4}
  local per_node=$((gpus_per_node > 0 && gpus_per_node < tasks ? gpus_per_node : tasks))
  local options=(--partition "$partition" --job-name "$name" --ntasks "$tasks")
  options+=(--ntasks-per-node "$per_node" --cpus-per-task "${CPUS_PER_TASK:-5}")
  options+=(--kill-on-bad-exit=1)
  if [ "$gpus_per_node" -gt 0 ]; then
    options+=(--gres "gpu:$gpus_per_node")
  fi
  local extra=()
  read -r -a extra <<<"${SRUN_ARGS:-}" || true
  PYTHONPATH="$(dirname "$TOOLS")${PYTHONPATH:+:$PYTHONPATH}" \
    exec srun "${options[@]}" ${extra[@]+"${extra[@]}"} "${PYTHON:-python}" -u "$@"
}
