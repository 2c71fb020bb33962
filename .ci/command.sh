# The steps about the command `influx-edge` (the package influx-edge-cli). Sourced, not run.

# Clippy, tests, completions and manual by the programs that read them, units, sizes.
command_checked() {
    cargo clippy --locked -p influx-edge-cli --all-targets -- -D warnings
    cargo clippy --locked -p influx-edge-cli --no-default-features --bins -- -D warnings
    readers
    PATH="$SCRATCH/readers:$PATH" INFLUX_EDGE_NEEDS=${READERS# } \
        cargo test --locked -p influx-edge-cli
    units
}

# What the command costs as it is installed on a board, on x86_64: nothing may grow unnoticed. (Wanted were 1024 and
# 2048 KiB; a library program that writes, queries and spools takes 822 KiB in this profile, and std's printing of
# backtraces 158 KiB of that.)
command_cost() {
    local program=$CARGO_TARGET_DIR/small/influx-edge
    cargo build --locked --profile small -p influx-edge-cli
    at_most 'influx-edge with TLS' "$program" 2576
    # The test measures this binary instead of its own.
    INFLUX_EDGE_COMMAND=$program cargo test --locked -p influx-edge-cli --test cli -- cost:: \
        --nocapture | tee "$SCRATCH/cost"
    note "$(grep -o 'ping: .*' "$SCRATCH/cost")"
}

# The same without TLS, which is linked anew, and so in `.ci/run --long`.
command_cost_plain() {
    cargo build --locked --profile small -p influx-edge-cli --no-default-features
    at_most 'influx-edge without TLS' "$CARGO_TARGET_DIR/small/influx-edge" 1664
}

# at_most WHAT FILE KIB: fails if the file is larger.
at_most() {
    local size=$((($(stat -c %s "$2") + 1023) / 1024))
    note "$1: $size KiB stripped (at most $3)"
    ((size <= $3))
}

# The commands of the documents, see .ci/commands.allow.
documents() {
    cargo build --locked -p influx-edge-cli
    INFLUX_EDGE_RUN_COMMANDS=1 cargo test --locked --test examples -- documents:: --nocapture
}

# Fills $SCRATCH/readers with the shells and formatters that the tests ask for, and READERS with the
# names of all that are there then.
readers() {
    local name dir libs
    libs=usr/lib/$(gcc -print-multiarch)
    mkdir -p "$SCRATCH/readers/zsh.d"
    READERS=
    apt_ready || true
    for name in bash script groff zsh fish mandoc; do
        if command -v "$name" >/dev/null; then
            READERS+=" $name"
        elif dir=$(unpacked "$name" "${name/#groff/groff-base}"); then
            # They look for their own files where they would be installed.
            case $name in
            zsh)
                printf 'module_path=(%q)\nfpath=(%q/**/*(/N))\n' "$(echo "$dir/$libs"/zsh/*)" \
                    "$dir/usr/share/zsh/functions" >"$SCRATCH/readers/zsh.d/.zshenv"
                ;;
            fish) ln -sfn ../etc "$dir/usr/etc" ;;
            esac
            {
                printf '#!/bin/sh\nexport ZDOTDIR=%q LD_LIBRARY_PATH=%q\n' \
                    "$SCRATCH/readers/zsh.d" "$dir/$libs"
                printf 'exec %q "$@"\n' "$(echo "$dir"/{usr/,}bin/"$name" | tr ' ' '\n' |
                    while read -r path; do [[ ! -x $path ]] || echo "$path"; done | head -1)"
            } >"$SCRATCH/readers/$name"
            chmod +x "$SCRATCH/readers/$name"
            READERS+=" $name"
        else
            skip "completions or manual by $name" 'neither installed nor to be had from Debian'
        fi
    done
}

# The units of docs/service.md.
units() {
    local code=0
    cli/systemd/check.sh | tee "$SCRATCH/units" || code=$?
    case $code in
    0) note "$(sed -n 's/.*level for \(.*influx-edge-lines.*\): \([0-9.]*\) .*/exposure of \1: \2 of 10/p' "$SCRATCH/units")" ;;
    77) skip 'units of systemd' 'systemd-analyze is not here' ;;
    *) return "$code" ;;
    esac
}
