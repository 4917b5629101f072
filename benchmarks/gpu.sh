#!/usr/bin/env bash
# Everything of this project that wants an NVIDIA GPU, in one call of less than nine minutes:
#
#     benchmarks/gpu.sh [OUT [PART …]]
#
# gpu.md (tables), gpu.json and gpu.jsonl (figures) and gpu.log go to OUT, benchmarks/out if it is
# not named. Parts are those at the end of this file, all if none is named; `setup` is always run.
# Each has its own time limit; when one fails, the others still run, the summary says which, and the exit status is 1.
# What is stopped keeps what it had found. No network is needed: wheels in a folder .whl are
# installed beside the machine's own packages, and what is missing is named. Fashion-MNIST is looked
# for as ever: in the folder SNNCC_DATA, else among the fetched data. PYTHON names the interpreter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

OUT=$(realpath -m "${1:-${OUT:-benchmarks/out}}")
PARTS=" ${*:2} "
PYTHON=${PYTHON:-python3}
WHEELS=.whl
SCRATCH=$(mktemp -d)
LINES=$OUT/gpu.jsonl
LOG=$OUT/gpu.log
NET=$SCRATCH/net.snn
END=485  # [s] when every part is over, killed if need be; the report comes after it
GRACE=15 # [s] from the wish to stop (SIGINT) to the end (SIGKILL)
failed=0
trap 'rm -rf "$SCRATCH"' EXIT

mkdir -p "$OUT" "$SCRATCH/path"
rm -f "$OUT"/gpu.{md,json,jsonl,log}
ln -s "$PWD" "$SCRATCH/path/snncc"
export OUT PYTHON WHEELS SCRATCH LINES NET PYTHONUNBUFFERED=1
export PYTHONPATH="$SCRATCH/path${PYTHONPATH:+:$PYTHONPATH}"
export NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS=0
if [[ -z ${CUDA_HOME:-} && -d /usr/local/cuda ]]; then export CUDA_HOME=/usr/local/cuda; fi

# note NAME STATE SECONDS: a line of the summary.
note() {
    echo "   $2, $3 s" | tee -a "$LOG"
    printf '{"part": "summary", "name": "%s", "state": "%s", "seconds": %d}\n' "$@" >>"$LINES"
}

# within SECONDS NAME: the function NAME with a time limit, which it finds in LIMIT; its output goes
# to the log. SIGINT may be ignored where this script runs in the background.
within() {
    LIMIT=$1 timeout -s INT --kill-after="$GRACE" "$1" \
        env --default-signal=INT bash -euo pipefail -c "$2" >>"$LOG" 2>&1
}

# chosen NAME: whether that part was asked for.
chosen() { [[ $PARTS == "  " || " setup$PARTS" == *" $1 "* ]]; }

# part NAME SECONDS: at most so many, and no more than are left.
part() {
    local name=$1 limit=$2 start=$SECONDS status=0 state=ok left=$((END - GRACE - SECONDS)) first
    if ! chosen "$name"; then return; fi
    limit=$((limit < left ? limit : left))
    echo "== $name (at most $limit s)" | tee -a "$LOG"
    if ((limit < 5)); then
        failed=1
        note "$name" "no time left" 0
        return
    fi
    first=$(wc -l <"$LOG")
    within "$limit" "$name" || status=$?
    if ((status != 0)); then
        failed=1
        state="failed, status $status"
        if ((status == 124 || status == 137)); then state=stopped; fi
        tail -n "+$((first + 1))" "$LOG" | tail -n 30 | cut -c 1-300
    fi
    note "$name" "$state" $((SECONDS - start))
}

# carry: the wheels of $WHEELS, in an environment that has $PYTHON's packages too. Its own folder is
# one of `site`'s, where NVIDIA's packages look for libraries and where .pth files are run; so is
# that of $PYTHON if it is a virtual environment itself, which a new one knows nothing of: it is put
# behind the new one and before the two prefixes of the interpreter (the line is run twice).
carry() {
    local pip=("$PYTHON" -m pip) made=$SCRATCH/venv/bin/python
    local options=(-q --no-index --no-deps --no-compile --no-cache-dir)
    if ! "$PYTHON" -m venv --without-pip --system-site-packages "$SCRATCH/venv"; then
        echo "no virtual environment can be made: what .pth files do is left out"
        "${pip[@]}" install "${options[@]}" --upgrade --target "$SCRATCH/site" "$WHEELS"/*.whl
        return
    fi
    "$PYTHON" -c 'if 1:
        import sys
        if sys.prefix != sys.base_prefix:
            new = f"[{sys.prefix!r}]"
            print(f"import site; site.PREFIXES[-2:-2] = {new}[site.PREFIXES.count(*{new}) :]")
    ' >"$("$made" -c 'import site; print(site.getsitepackages()[0])')/parent.pth"
    "${pip[@]}" --python "$made" install "${options[@]}" "$WHEELS"/*.whl
}

# use_carried: what `carry` made is what the parts run with.
use_carried() {
    local folder
    if [[ -x $SCRATCH/venv/bin/python ]]; then PYTHON=$SCRATCH/venv/bin/python; fi
    if [[ ! -d $SCRATCH/site ]]; then return; fi
    PYTHONPATH="$PYTHONPATH:$SCRATCH/site"
    for folder in "$SCRATCH"/site/nvidia/*/{lib,nvvm/lib64} "$SCRATCH"/site/nvidia/*/*/lib; do
        if [[ -d $folder ]]; then
            export LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
        fi
    done
}

setup() {
    if compgen -G "$WHEELS/*.whl" >/dev/null; then
        carry
        use_carried
    fi
    "$PYTHON" benchmarks/gpu_setup.py
}

environment() {
    nvidia-smi
    nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.mem,memory.total --format=csv
    git rev-parse HEAD || true
    "$PYTHON" -m snncc doctor
    "$PYTHON" -m pip list 2>/dev/null | grep -iE "^(cuda|cupy|numba|numpy|torch|triton|llvmlite)" || true
}

# The kernels against the reference and against the CPU backend, gradients too. Most of the time is
# compilation, one kernel a test, so every core has a worker; the kernels of the parts that follow
# are compiled beside them. The roofline would be measured beside the others: the next part measures
# it alone.
correctness() {
    local workers=()
    "$PYTHON" benchmarks/gpu.py kernels &
    if "$PYTHON" -c "import xdist"; then workers=(-n "$(nproc)" --dist worksteal); fi
    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 "$PYTHON" -m pytest -v -rf --tb=short -p no:cacheprovider -m gpu "${workers[@]}" \
        --deselect tests/benchmarks/test_gpu_machine.py::test_a_card_has_a_roofline \
        tests/backends tests/benchmarks
    wait
}

machine() { "$PYTHON" benchmarks/gpu.py machine --lines "$LINES"; }

# Registers, shared memory and occupancy, as the compiled package tells them.
resources() {
    "$PYTHON" benchmarks/gpu.py program >"$NET"
    "$PYTHON" -m snncc compile "$NET" --target gpu --quiet --out "$SCRATCH/net.snnpkg"
    "$PYTHON" -m snncc inspect "$SCRATCH/net.snnpkg"
    "$PYTHON" -m snncc inspect "$SCRATCH/net.snnpkg" --json |
        "$PYTHON" benchmarks/gpu.py resources --lines "$LINES"
}

speed() { "$PYTHON" benchmarks/gpu.py speed --lines "$LINES" --seconds $((LIMIT - 10)); }

compare() { "$PYTHON" benchmarks/gpu.py compare --lines "$LINES" --seconds $((LIMIT - 25)); }

# The rules through time beside PyTorch, whose kernels are launched one by one.
through_time() {
    "$PYTHON" benchmarks/through_time.py --target gpu --device cuda --batches 1 128 1024 \
        --cases STBP recurrent TSSL --turns 3 --turn 0.2 --seconds $((LIMIT - 8)) --json "$SCRATCH/through_time.json"
    "$PYTHON" benchmarks/gpu.py through_time --lines "$LINES" --found "$SCRATCH/through_time.json"
}

# epoch BATCH SECONDS: one epoch of Fashion-MNIST by the command line, the learning rate as the root
# of the batch. Training that is asked to stop saves its state, which tells how far it came.
epoch() {
    local batch=$1 limit=$2 rate status=0 net=$SCRATCH/epoch-$1.snn run=$SCRATCH/run-$1
    rate=$(awk -v b="$batch" 'BEGIN { printf "%.6g", 0.001 * sqrt(b) }')
    "$PYTHON" benchmarks/gpu.py program --rate "$rate" >"$net"
    timeout --foreground -s INT --kill-after=8 $((limit > 3 ? limit : 3)) \
        "$PYTHON" -m snncc train "$net" --target gpu --epochs 1 --seed 1 --batch "$batch" --json \
        --checkpoint-every 10 --out "$run" >"$net.jsonl" || status=$?
    cat "$net.jsonl"
    "$PYTHON" benchmarks/gpu.py epoch --lines "$LINES" --batches "$batch" --rate "$rate" \
        --run "$run" <"$net.jsonl"
    return "$status"
}

epoch_one_by_one() { epoch 1 $((LIMIT - 15)); }

# Each gets an equal share of what those before it left.
epoch_in_batches() {
    local batches=(128 1024 32 512) status=0 k
    SECONDS=0
    for k in "${!batches[@]}"; do
        epoch "${batches[k]}" $(((LIMIT - SECONDS) / (${#batches[@]} - k) - 5)) || status=$?
    done
    return "$status"
}

# An epoch of the convolutional networks by the command line, each with an equal share of what those
# before it left; the training samples of CIFAR-10 are those that are there, see docs/cli.md.
convolutions() {
    local names=(mnist_cnn_tssl fashion_cnn_tssl cifar_cnn) status=0 k run limit
    SECONDS=0
    for k in "${!names[@]}"; do
        run=$SCRATCH/run-${names[k]}
        limit=$(((LIMIT - SECONDS) / (${#names[@]} - k) - 5))
        timeout --foreground -s INT --kill-after=8 $((limit > 3 ? limit : 3)) \
            "$PYTHON" -m snncc train "examples/${names[k]}.snn" --target gpu --epochs 1 --seed 1 --json \
            --checkpoint-every 10 --out "$run" >"$run.jsonl" || status=$?
        cat "$run.jsonl"
        "$PYTHON" benchmarks/gpu.py epoch --lines "$LINES" --batches 50 --program "${names[k]}" \
            --run "$run" <"$run.jsonl"
    done
    return "$status"
}

# Barriers that not all threads reach, and races in shared memory, of a small network's training.
sanitize() {
    local kind
    for kind in synccheck racecheck; do
        "$SANITIZER" --tool "$kind" --target-processes all --error-exitcode 9 \
            "$PYTHON" -m snncc train examples/digits.snn --target gpu -D duration="20 ms" \
            --epochs 1 --limit 4 --test-limit 0 --batch 2 --quiet --out "$SCRATCH/$kind"
    done
}

report() { "$PYTHON" benchmarks/gpu.py report --lines "$LINES" --out "$OUT"; }

export -f setup carry use_carried environment correctness machine resources speed compare
export -f through_time
export -f epoch epoch_one_by_one epoch_in_batches convolutions sanitize report

part setup 20
use_carried
part environment 15
part correctness 130
part machine 20
part resources 30
part speed 45
part compare 50
part through_time 30
part epoch_one_by_one 45
part epoch_in_batches 50
part convolutions 45
SANITIZER=$(command -v compute-sanitizer || echo /usr/local/cuda/bin/compute-sanitizer)
export SANITIZER
if [[ -x $SANITIZER ]]; then
    part sanitize "$END"
elif chosen sanitize; then
    note sanitize "no compute-sanitizer here" 0
fi
within 10 report || failed=1
if [[ -f $OUT/gpu.md ]]; then cat "$OUT/gpu.md"; fi
exit "$failed"
