# Real servers for the tests: Debian's InfluxDB 1.6 and VictoriaMetrics, unpacked into the cache,
# started on free ports of the loopback with folders of their own, stopped by pid. Sourced.

# Nothing is shared with a server that the machine may run already: not ports, not data, not config.
SERVERS="$SCRATCH/servers"
mkdir -p "$SERVERS"

# Steps run in subshells, so what was started is remembered in a file.
stop_servers() {
    local pid
    [[ -f $SERVERS/pids ]] || return 0
    while read -r pid; do
        kill "$pid" 2>/dev/null || true
    done <"$SERVERS/pids"
    while read -r pid; do
        for _ in {1..100}; do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null || true
    done <"$SERVERS/pids"
    rm -f "$SERVERS/pids"
}

# Prints a port of the loopback on which nobody listens.
free_port() {
    local port
    for _ in {1..200}; do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            printf '%s\n' "$port"
            return 0
        fi
    done
    return 1
}

# responds URL PATH: whether an HTTP GET there has a 2xx response. Bash alone, so no curl is needed.
responds() {
    local hostport=${1#http://} status
    (
        exec 3<>"/dev/tcp/${hostport/://}" || exit 1
        printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$2" "$hostport" >&3
        read -r -t 5 _ status _ <&3 && [[ $status == 2* ]]
    ) 2>/dev/null
}

# serve URL PATH LOG COMMAND...: starts a server and waits until PATH responds. Fails, with the
# server's last words, if it ends or stays silent.
serve() {
    local url=$1 path=$2 log=$3 pid
    shift 3
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    printf '%s\n' "$pid" >>"$SERVERS/pids"
    for _ in {1..150}; do
        kill -0 "$pid" 2>/dev/null || break
        # Somebody else may have taken the port in between; then ours has ended or will.
        if responds "$url" "$path" && sleep 0.2 && kill -0 "$pid" 2>/dev/null; then
            return 0
        fi
        sleep 0.2
    done
    tail -n 20 "$log"
    return 1
}

# start_influxd ROOT: sets INFLUXDB_V1_URL.
start_influxd() {
    local root=$1 data port rpc
    for _ in 1 2 3; do
        data=$(mktemp -d "$SERVERS/influxdb.XXXX") port=$(free_port) rpc=$(free_port)
        INFLUXDB_V1_URL="http://127.0.0.1:$port"
        if serve "$INFLUXDB_V1_URL" /ping "$data/log" env \
            INFLUXDB_REPORTING_DISABLED=true INFLUXDB_MONITOR_STORE_ENABLED=false \
            INFLUXDB_BIND_ADDRESS="127.0.0.1:$rpc" INFLUXDB_HTTP_BIND_ADDRESS="127.0.0.1:$port" \
            INFLUXDB_META_DIR="$data/meta" INFLUXDB_DATA_DIR="$data/data" \
            INFLUXDB_DATA_WAL_DIR="$data/wal" INFLUXDB_HTTP_LOG_ENABLED=false \
            "$root/usr/bin/influxd" run -config /dev/null; then
            export INFLUXDB_V1_URL
            return 0
        fi
    done
    unset INFLUXDB_V1_URL
    return 1
}

# start_victoria ROOT: sets VICTORIAMETRICS_URL.
start_victoria() {
    local root=$1 data port
    for _ in 1 2 3; do
        data=$(mktemp -d "$SERVERS/victoria.XXXX") port=$(free_port)
        VICTORIAMETRICS_URL="http://127.0.0.1:$port"
        if serve "$VICTORIAMETRICS_URL" /health "$data/log" \
            "$root/usr/bin/victoria-metrics" -httpListenAddr="127.0.0.1:$port" \
            -storageDataPath="$data/data" -retentionPeriod=100y -memory.allowedBytes=256MB \
            -loggerLevel=WARN; then
            export VICTORIAMETRICS_URL
            return 0
        fi
    done
    unset VICTORIAMETRICS_URL
    return 1
}

real_servers() {
    local root
    if ! apt_ready; then
        skip_step 'real servers' 'no apt here to fetch InfluxDB 1.6 and VictoriaMetrics with'
    fi
    if root=$(unpacked influxdb influxdb); then
        start_influxd "$root"
    else
        skip 'InfluxDB 1.x' "Debian's influxdb could not be fetched"
    fi
    if root=$(unpacked victoria-metrics victoria-metrics); then
        start_victoria "$root"
    else
        skip 'VictoriaMetrics' "Debian's victoria-metrics could not be fetched"
    fi
    # tests/README.md says how to check against a 2.x of your own.
    skip 'InfluxDB 2.x and 3, the real ones' 'Debian has no packages of them'
    cargo test --locked --features v1,v3 --test real -- --nocapture --test-threads=1
    # Once more with every body compressed, which none is to a server on the loopback.
    INFLUX_EDGE_GZIP=1 timeout 300 \
        cargo test --locked --features v1,v3 --test real -- --nocapture --test-threads=1
    stop_servers
}
