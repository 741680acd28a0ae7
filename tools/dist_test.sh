#!/usr/bin/env bash
# Test in several processes; every image is counted once, whatever their number.
#
#   tools/dist_test.sh CONFIG CHECKPOINT GPUS [ARGUMENTS OF tools/test.py ...]
#
# Several machines: run it on each with NNODES, NODE_RANK, MASTER_ADDR and PORT set.
# PYTHON names the interpreter. On one machine PORT is any free one unless it is set.
set -euo pipefail
if [ "$#" -lt 3 ]; then
  echo "usage: $0 CONFIG CHECKPOINT GPUS [ARGUMENTS ...]" >&2
  exit 2
fi
CONFIG=$1
CHECKPOINT=$2
GPUS=$3
shift 3
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/launch.sh
. "$TOOLS/launch.sh"
launch "$GPUS" "$TOOLS/test.py" "$CONFIG" "$CHECKPOINT" --launcher pytorch "$@"
