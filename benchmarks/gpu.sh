#!/usr/bin/env bash
# Everything of this project that wants an NVIDIA GPU, in one call of less than nine minutes:
#
#     benchmarks/gpu.sh [OUT]
#
# gpu.md (tables), gpu.json and gpu.jsonl (figures) and gpu.log go to OUT, benchmarks/out if it is
# not named. Each part has its own time limit; when one fails, the others still run, the summary
# says which, and the exit status is 1. No network is needed: wheels in a folder .whl are installed
# beside the machine's own packages, and what is missing is named. Fashion-MNIST is looked for as
# ever: in the folder SNNCC_DATA, else among the fetched data. PYTHON names the interpreter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

OUT=$(realpath -m "${1:-${OUT:-benchmarks/out}}")
PYTHON=${PYTHON:-python3}
SCRATCH=$(mktemp -d)
LINES=$OUT/gpu.jsonl
LOG=$OUT/gpu.log
NET=$SCRATCH/net.snn
failed=0
trap 'rm -rf "$SCRATCH"' EXIT

mkdir -p "$OUT" "$SCRATCH/path"
rm -f "$OUT"/gpu.{md,json,jsonl,log}
ln -s "$PWD" "$SCRATCH/path/snncc"
export OUT PYTHON SCRATCH LINES LOG NET PYTHONUNBUFFERED=1
export PYTHONPATH="$SCRATCH/path:$SCRATCH/site${PYTHONPATH:+:$PYTHONPATH}"
export NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS=0

# part NAME SECONDS: the function NAME with a time limit; its output goes to the log.
part() {
    local name=$1 limit=$2 start=$SECONDS status=0 state=ok
    echo "== $name (at most $limit s)" | tee -a "$LOG"
    timeout --kill-after=3 "$limit" bash -euo pipefail -c "$name" >>"$LOG" 2>&1 || status=$?
    if ((status != 0)); then
        failed=1
        state="failed, status $status"
        if ((status == 124 || status == 137)); then state="stopped after $limit s"; fi
        tail -n 15 "$LOG" | cut -c 1-300
    fi
    echo "   $state, $((SECONDS - start)) s" | tee -a "$LOG"
    "$PYTHON" benchmarks/gpu.py note --lines "$LINES" \
        "name=$name" "state=$state" "seconds=$((SECONDS - start))" >>"$LOG" 2>&1 || failed=1
}

# $PYTHON and its packages; those that a run can't do without are named if they are missing.
setup() {
    if compgen -G ".whl/*.whl" >/dev/null; then
        "$PYTHON" -m pip install -q --no-index --find-links .whl --no-deps --no-compile \
            --no-cache-dir --target "$SCRATCH/site" .whl/*.whl
    fi
    "$PYTHON" - <<'PY'
import re
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

wanted = "lark networkx numba numba_cuda numpy rich safetensors typer torch triton pytest hypothesis"
missing = [name for name in wanted.split() if find_spec(name) is None]
if missing:
    raise SystemExit(f"missing: {' '.join(missing)}; put their wheels into the folder .whl")
oldest = re.search(r"numba-cuda\[cu13\]>=([0-9.]+)", Path("pyproject.toml").read_text())[1]
found = version("numba-cuda")
if [int(n) for n in re.findall(r"[0-9]+", found)[:3]] < [int(n) for n in oldest.split(".")]:
    raise SystemExit(f"numba-cuda {found} is older than {oldest}; put its wheel into the folder .whl")
PY
}

environment() {
    nvidia-smi
    nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.mem,memory.total --format=csv
    git rev-parse HEAD || true
    "$PYTHON" -m snncc doctor
    "$PYTHON" -m pip list 2>/dev/null | grep -iE "^(cuda|cupy|numba|numpy|torch|triton|llvmlite)" || true
}

# The kernels against the reference and against the CPU backend, gradients too.
correctness() { "$PYTHON" -m pytest -q -m gpu -p no:cacheprovider tests; }

machine() { "$PYTHON" benchmarks/gpu.py machine --lines "$LINES"; }

# Registers, shared memory and occupancy, as the compiled package tells them.
resources() {
    "$PYTHON" benchmarks/gpu.py program >"$NET"
    "$PYTHON" -m snncc compile "$NET" --target gpu --quiet --out "$SCRATCH/net.snnpkg"
    "$PYTHON" -m snncc inspect "$SCRATCH/net.snnpkg"
    "$PYTHON" -m snncc inspect "$SCRATCH/net.snnpkg" --json |
        "$PYTHON" benchmarks/gpu.py resources --lines "$LINES"
}

speed() { "$PYTHON" benchmarks/gpu.py speed --lines "$LINES" --seconds 70; }

compare() { "$PYTHON" benchmarks/gpu.py compare --lines "$LINES" --seconds 55; }

# epoch BATCH: one epoch of Fashion-MNIST by the command line, the learning rate as the root of the
# batch.
epoch() {
    local batch=$1 rate
    rate=$(awk -v b="$batch" 'BEGIN { printf "%.6g", 0.001 * sqrt(b) }')
    "$PYTHON" benchmarks/gpu.py program --rate "$rate" >"$SCRATCH/epoch-$batch.snn"
    "$PYTHON" -m snncc train "$SCRATCH/epoch-$batch.snn" --target gpu --epochs 1 --seed 1 \
        --batch "$batch" --json --checkpoint-every 3600 --out "$SCRATCH/run-$batch" |
        tee "$SCRATCH/epoch-$batch.jsonl"
    "$PYTHON" benchmarks/gpu.py epoch --lines "$LINES" --batches "$batch" --rate "$rate" \
        <"$SCRATCH/epoch-$batch.jsonl"
}
epoch_one_by_one() { epoch 1; }
epoch_in_batches() { for batch in 32 128 512 1024; do epoch "$batch"; done; }

report() { "$PYTHON" benchmarks/gpu.py report --lines "$LINES" --out "$OUT"; }

export -f setup environment correctness machine resources speed compare
export -f epoch epoch_one_by_one epoch_in_batches report

part setup 20
part environment 15
part correctness 120
part machine 40
part resources 40
part speed 85
part compare 75
part epoch_one_by_one 80
part epoch_in_batches 55
part report 10
if [[ -f $OUT/gpu.md ]]; then cat "$OUT/gpu.md"; fi
exit "$failed"
