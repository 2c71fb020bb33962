# What the steps of .ci/run share: timing, counting, skipping, and Debian packages without
# installing them. Sourced, not run.

# Where downloads are kept between runs. Nothing of a run's result is kept there.
CACHE=${INFLUX_EDGE_CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/influx-edge-ci}
# Everything a run makes for itself, gone at its end.
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/influx-edge-ci.XXXXXX")
STARTED=$SECONDS
PASSED=0
FAILED=0
CPU=0
: >"$SCRATCH/skipped"
: >"$SCRATCH/timing"

# skip WHAT WHY: one check that could not be made, for the summary. Goes on.
skip() {
    printf 'SKIPPED %s: %s\n' "$1" "$2"
    printf '%s: %s\n' "$1" "$2" >>"$SCRATCH/skipped"
}

# skip_step WHAT WHY: the whole step could not be made. Ends the step.
skip_step() {
    skip "$1" "$2"
    exit 77
}

# note TEXT: a figure for the summary.
note() {
    printf '%s\n' "$1" | tee -a "$SCRATCH/notes"
}

# Sets CPU to the seconds of processor time that ended children have taken, which a busy machine
# does not stretch.
processor_time() {
    times >"$SCRATCH/times"
    CPU=$(awk -F '[ms ]+' 'NR == 2 { printf "%d", ($1 + $3) * 60 + $2 + $4 }' "$SCRATCH/times")
}

# wanted NAME: whether ONLY asks for this step, or for all.
wanted() {
    [[ -z ${ONLY:-} || $1 =~ $ONLY ]]
}

# step NAME COMMAND...: runs a step, times it, counts it. A failure does not end the run.
step() {
    local name=$1 begun=$SECONDS status=0
    shift
    wanted "$name" || return 0
    printf '\n=== %s\n' "$name"
    # Not in a condition: there bash would switch `set -e` off inside the step.
    set +e
    (
        set -euo pipefail
        "$@"
    ) </dev/null
    status=$?
    set -e
    count "$name" "$status" "$begun"
}

# count NAME STATUS BEGUN: the line of a step that has ended. Its processor time is what ended since
# the line before.
count() {
    local name=$1 status=$2 begun=$3 before=$CPU word
    case $status in
    0) word=passed PASSED=$((PASSED + 1)) ;;
    77) word=skipped ;;
    *) word=FAILED FAILED=$((FAILED + 1)) ;;
    esac
    processor_time
    # The time of the second job queue arrives as one sum when the queue has ended; its steps have
    # lines of their own.
    if [[ -n ${BESIDE_PID:-} && -z $BESIDE_TOOK && -s $SCRATCH/beside.counts ]] &&
        ! kill -0 "$BESIDE_PID" 2>/dev/null; then
        read -r _ _ BESIDE_TOOK <"$SCRATCH/beside.counts"
        before=$((before + BESIDE_TOOK))
    fi
    printf '%-8s %4d s (%4d s of processor time)  %s\n' "$word" $((SECONDS - begun)) \
        $((CPU - before)) "$name" | tee -a "$SCRATCH/timing"
}

# beside NAME COMMAND...: adds a step to the second job queue.
BESIDE=()
BESIDE_TOOK=
beside() {
    wanted "$1" || return 0
    BESIDE+=("$(printf '%q ' "$@")")
}

# Starts the second job queue: its steps run one after another, with one compiler job each, in
# parallel with the steps of the first, which often leave a core idle.
beside_begins() {
    ((${#BESIDE[@]} > 0)) || return 0
    # A process group of its own, so that all of it ends when the run is broken off.
    set -m
    (
        set +m
        CPU=0 PASSED=0 FAILED=0
        export CARGO_BUILD_JOBS=1
        for words in "${BESIDE[@]}"; do
            eval "step $words"
        done
        printf '%d %d %d\n' "$PASSED" "$FAILED" "$CPU" >"$SCRATCH/beside.counts"
    ) </dev/null >"$SCRATCH/beside" 2>&1 &
    BESIDE_PID=$!
    set +m
}

# Waits for the second job queue, prints its output and adds its counts.
beside_ends() {
    [[ -n ${BESIDE_PID:-} ]] || return 0
    local passed=0 failed=1
    wait "$BESIDE_PID" || true
    BESIDE_PID=
    processor_time
    printf '\n=== The second job queue\n'
    cat "$SCRATCH/beside"
    # Without counts it did not come to its end.
    read -r passed failed _ <"$SCRATCH/beside.counts" || true
    PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed))
}

# The table of steps, the skipped checks and the line that counts. Fails if a step did.
summary() {
    printf '\n=== Summary\n'
    cat "$SCRATCH/timing"
    printf '%-8s %4d s (%4d s of processor time)  in all\n' '' $((SECONDS - STARTED)) "$CPU"
    if [[ -s $SCRATCH/notes ]]; then
        printf '\nMeasured:\n'
        sed 's/^/  /' "$SCRATCH/notes"
    fi
    local skipped
    skipped=$(wc -l <"$SCRATCH/skipped")
    if ((skipped > 0)); then
        printf '\nNot checked in this run:\n'
        sed 's/^/  /' "$SCRATCH/skipped"
    fi
    printf '\n%d passed, %d failed, %d skipped\n' "$PASSED" "$FAILED" "$skipped"
    if ((PASSED + FAILED + skipped == 0)); then
        printf 'no step matches %s\n' "${ONLY:-}"
        return 1
    fi
    ((FAILED == 0))
}

# Downloads into folders of ours need neither apt's lock nor its own user.
APT_ALONE=(-o Debug::NoLocking=1 -o "APT::Sandbox::User=$(id -un)")

# Makes Debian's package lists usable. Fails where there is no apt, or no way to use it.
apt_ready() {
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    if ! apt-cache show victoria-metrics >/dev/null 2>&1; then
        [[ $(id -u) == 0 ]] || return 1
        apt-get update -qq
    fi
}

# Prints the packages that apt would install for these on a machine that has none, one
# "name=version" a line. What this machine has installed has no influence: apt reads an empty
# status file instead of dpkg's.
closure_of() {
    apt-get install --simulate -o "Dir::State::status=/dev/null" --no-install-recommends \
        "${APT_ALONE[@]}" "$@" |
        sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p' | sort
}

# unpacked NAME PACKAGE...: prints the folder into which these Debian packages and their dependencies
# were unpacked. The result is the same whatever is installed: every dependency is fetched, except
# those of a base that every machine has on which these scripts run (essential packages, apt, gcc
# and the headers of libc). Nothing is installed, so no service starts by itself and no other
# toolchain is disturbed. Kept in the cache.
unpacked() {
    local name=$1 dir="$CACHE/$1" wanted new deb base packages list
    shift
    wanted="all dependencies: $*"
    if [[ -f $dir/.packages && $(<"$dir/.packages") == "$wanted" ]]; then
        printf '%s\n' "$dir"
        return 0
    fi
    packages=$(closure_of "$@") && base=$(closure_of '?essential' apt gcc libc6-dev) || return 1
    list=$(comm -23 <(printf '%s\n' "$packages") <(printf '%s\n' "$base"))
    [[ -n $list ]] || return 1
    mkdir -p "$CACHE"
    new=$(mktemp -d "$CACHE/.$name.XXXXXX")
    mkdir "$new/.debs"
    # shellcheck disable=SC2086 # one word each
    (cd "$new/.debs" && apt-get download -qq "${APT_ALONE[@]}" $list >&2) || return 1
    for deb in "$new"/.debs/*.deb; do
        dpkg-deb -x "$deb" "$new" || return 1
    done
    rm -rf "$new/.debs" "$dir"
    printf '%s' "$wanted" >"$new/.packages"
    mv -T "$new" "$dir"
    printf '%s\n' "$dir"
}

# cargo_tool NAME VERSION: prints the path of this cargo subcommand, which is built once from the
# registry, without optimisation, and kept in the cache.
cargo_tool() {
    local name=$1 version=$2 dir="$CACHE/$1-$2"
    if [[ ! -x $dir/bin/$name ]]; then
        # One job, for other steps run in parallel. Not with the settings of the step that asks.
        env -u RUSTFLAGS -u RUSTUP_TOOLCHAIN CARGO_TARGET_DIR="$SCRATCH/$name" \
            CARGO_PROFILE_DEV_DEBUG=0 CARGO_BUILD_JOBS=1 \
            cargo install --quiet --locked --debug --root "$dir" --version "$version" "$name" >&2 ||
            return 1
        rm -rf "${SCRATCH:?}/$name"
    fi
    printf '%s\n' "$dir/bin/$name"
}

# version_of PACKAGE PREFIX: prints the version Debian offers that begins with PREFIX.
version_of() {
    apt-cache madison "$1" | awk -F '|' -v prefix="$2" '
        { gsub(/ /, "", $2) }
        index($2, prefix) == 1 && !found { print $2; found = 1 }
        END { exit !found }'
}

# own_lists WORK TYPE [OPTION]: fills the array APT with an apt-get that knows only the machine's own
# mirror, asked for something that the machine itself does not ask for (TYPE is deb or deb-src,
# OPTION goes into the brackets, as in arch=armhf). Its lists lie in WORK.
own_lists() {
    local work=$1 type=$2 keys=/usr/share/keyrings/debian-archive-keyring.gpg
    mkdir -p "$work/lists/partial" "$work/cache/partial"
    # shellcheck disable=SC2016 # apt's variables
    apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
        awk -v type="$type" -v options="${3:+$3 }signed-by=$keys" '$3 == "main" && $2 !~ /-/ {
            print type, "[" options "]", $1, $2, $3 }' | sort -u >"$work/sources.list"
    APT=(apt-get -qq -o "Dir::Etc::sourcelist=$work/sources.list"
        -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$work/lists"
        -o "Dir::Cache=$work/cache" "${APT_ALONE[@]}")
}

# source_of PACKAGE VERSION FILE-PATTERN: prints the path of one file of a Debian source package,
# fetched and checked by apt. Kept in the cache.
source_of() {
    local package=$1 version=$2 pattern=$3 work="$CACHE/sources" uri name hash APT
    own_lists "$work" deb-src
    "${APT[@]}" update >&2 || return 1
    read -r uri name hash < <("${APT[@]}" source --print-uris "$package=$version" |
        awk -v pattern="$pattern" '$2 ~ pattern { print $1, $2, $4 }') || return 1
    /usr/lib/apt/apt-helper "${APT_ALONE[@]}" download-file "${uri//\'/}" "$work/$name" "$hash" >&2 || return 1
    printf '%s\n' "$work/$name"
}

# foreign ARCHITECTURE PACKAGE VERSION: prints the folder into which this package of another
# architecture was unpacked, without what it needs. Kept in the cache.
foreign() {
    local arch=$1 package=$2 version=$3 dir="$CACHE/$2-$1" work="$CACHE/foreign-$1" new APT
    if [[ -f $dir/.packages && $(<"$dir/.packages") == "$package=$version" ]]; then
        printf '%s\n' "$dir"
        return 0
    fi
    own_lists "$work" deb "arch=$arch"
    "${APT[@]}" -o "APT::Architectures::=$arch" -o Acquire::Languages=none \
        -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false update >&2 || return 1
    new=$(mktemp -d "$CACHE/.foreign.XXXXXX")
    (cd "$new" && "${APT[@]}" -o "APT::Architectures::=$arch" \
        download "$package:$arch=$version" >&2) || return 1
    dpkg-deb -x "$new"/*.deb "$new" || return 1
    rm -rf "$new"/*.deb "$dir" "$work"
    printf '%s' "$package=$version" >"$new/.packages"
    mv -T "$new" "$dir"
    printf '%s\n' "$dir"
}
