#!/usr/bin/env bash
# Train in several processes: NCCL where there are GPUs, gloo on CPU where there are none.
#
#   tools/dist_train.sh CONFIG GPUS [ARGUMENTS OF tools/train.py ...]
#
# Several machines: run it on each with NNODES, NODE_RANK, MASTER_ADDR and PORT set.
# PYTHON names the interpreter. On one machine PORT is any free one unless it is set.
set -euo pipefail
if [ "$#" -lt 2 ]; then
  echo "usage: $0 CONFIG GPUS [ARGUMENTS ...]" >&2
  exit 2
fi
CONFIG=$1
GPUS=$2
shift 2
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/launch.sh
. "$TOOLS/launch.sh"
launch "$GPUS" "$TOOLS/train.py" "$CONFIG" --launcher pytorch "$@"
