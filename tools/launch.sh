#!/usr/bin/env bash
# Sourced by dist_train.sh and dist_test.sh: start a script in several processes with torchrun.

# launch PROCESSES SCRIPT [ARGUMENTS ...]
launch() {
  local processes=$1
  shift
  local nodes=${NNODES:-1}
  local rendezvous=(--nnodes "$nodes" --nproc_per_node "$processes")
  if [ "$nodes" = 1 ] && [ -z "${PORT:-}" ]; then
    rendezvous+=(--standalone) # picks a free port, so two runs on one machine do not meet
  else
    rendezvous+=(--node_rank "${NODE_RANK:-0}" --master_addr "${MASTER_ADDR:-127.0.0.1}")
    rendezvous+=(--master_port "${PORT:-29500}")
  fi
  PYTHONPATH="$(dirname "$TOOLS")${PYTHONPATH:+:$PYTHONPATH}" \
    exec "${PYTHON:-python}" -m torch.distributed.run "${rendezvous[@]}" "$@"
}
