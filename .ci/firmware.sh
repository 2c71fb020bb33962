# A microcontroller's program on an emulated board: tests/firmware. Sourced, not run.

# QEMU for Arm boards: installed if it is missing and this is root.
arm_emulator() {
    command -v qemu-system-arm >/dev/null && return 0
    [[ $(id -u) == 0 ]] && apt_ready || return 1
    apt-get install -qq -y --no-install-recommends qemu-system-arm >/dev/null &&
        command -v qemu-system-arm >/dev/null
}

# Builds the firmware and what runs it, and runs it against the mock server and, where Debian's
# packages can be had, against InfluxDB 1.6 and VictoriaMetrics.
firmware() {
    local manifest=tests/firmware/Cargo.toml image root failed=
    has_target "$CORTEX_M" ||
        skip_step 'firmware' "the toolchain has no $CORTEX_M, nor can rustup add it"
    arm_emulator ||
        skip_step 'firmware' 'no qemu-system-arm, and no root to install it'
    # Not the folder of the other steps: the second job queue builds in that.
    export CARGO_TARGET_DIR="$CARGO_TARGET_DIR/firmware"
    cargo build --locked --manifest-path "$manifest" --package firmware --release --target "$CORTEX_M"
    cargo build --locked --manifest-path "$manifest" --package firmware-host
    image=$CARGO_TARGET_DIR/$CORTEX_M/release/firmware
    note "firmware on $CORTEX_M: $(size "$image" |
        awk 'NR == 2 { printf "%.1f KiB of code and tables, %.1f KiB of RAM for statics", $1 / 1024, ($2 + $3) / 1024 }')"
    if apt_ready && root=$(unpacked influxdb influxdb); then
        start_influxd "$root"
    else
        skip 'firmware with InfluxDB 1.x' "Debian's influxdb could not be fetched"
    fi
    if apt_ready && root=$(unpacked victoria-metrics victoria-metrics); then
        start_victoria "$root"
    else
        skip 'firmware with VictoriaMetrics' "Debian's victoria-metrics could not be fetched"
    fi
    timeout 300 "$CARGO_TARGET_DIR/debug/firmware-host" "$image" | tee "$SCRATCH/firmware" || failed=1
    note "firmware, $(grep '^stack: ' "$SCRATCH/firmware")"
    stop_servers
    [[ -z $failed ]]
}
