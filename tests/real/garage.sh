# shellcheck shell=bash
# A Garage of one node for the length of a test. To be sourced:
#
#   garage_start BINARY DIRECTORY BUCKET...   starts it with its data in DIRECTORY and exports
#       S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY (may write), READ_ACCESS_KEY, READ_SECRET_KEY (may only read)
#   garage_stop                            ends that process and no other
#
# It listens on loopback only, on ports that were free a moment before.

garage_free_ports() {
    python3 - "$1" <<'PYTHON'
import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in held))
PYTHON
}

garage_cli() { "$garage_binary" -c "$garage_directory/garage.toml" "$@"; }

garage_fail() {
    echo "Garage: $*; the end of its log:" >&2
    tail -n 20 "$garage_directory/garage.log" >&2
    return 1
}

# "Key ID" or "Secret key" of what `key create` printed.
garage_field() { sed -n "s/^$1: *//p" "$2"; }

garage_bucket() {
    garage_cli bucket create "$1" &&
        garage_cli bucket allow --read --write "$1" --key write-key &&
        garage_cli bucket allow --read "$1" --key read-key
}

garage_start() {
    garage_binary=$1 garage_directory=$2
    shift 2
    local rpc_port s3_port secret node bucket
    # It holds keys.
    mkdir -p "$garage_directory"
    chmod 700 "$garage_directory"
    read -r rpc_port s3_port <<<"$(garage_free_ports 2)"
    secret=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
    cat >"$garage_directory/garage.toml" <<TOML
metadata_dir = "$garage_directory/meta"
data_dir = "$garage_directory/data"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:$rpc_port"
rpc_public_addr = "127.0.0.1:$rpc_port"
rpc_secret = "$secret"

[s3_api]
s3_region = "garage"
api_bind_addr = "127.0.0.1:$s3_port"
TOML
    "$garage_binary" -c "$garage_directory/garage.toml" server >"$garage_directory/garage.log" 2>&1 &
    garage_pid=$!

    local tries=0
    until node=$(garage_cli node id -q 2>/dev/null) && garage_cli status >/dev/null 2>&1; do
        kill -0 "$garage_pid" 2>/dev/null || garage_fail "it ended at once" || return 1
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || garage_fail "it does not answer" || return 1
        sleep 0.1
    done

    {
        garage_cli layout assign -z test -c 10G "${node%%@*}" &&
            garage_cli layout apply --version 1 &&
            garage_cli key create write-key &&
            garage_cli key create read-key
    } >"$garage_directory/setup.log" 2>&1 || garage_fail "the set-up failed" || return 1
    for bucket; do
        garage_bucket "$bucket" >>"$garage_directory/setup.log" 2>&1 || garage_fail "no bucket $bucket" || return 1
    done

    garage_cli key info --show-secret write-key >"$garage_directory/write-key" 2>>"$garage_directory/garage.log"
    garage_cli key info --show-secret read-key >"$garage_directory/read-key" 2>>"$garage_directory/garage.log"
    S3_ENDPOINT=http://127.0.0.1:$s3_port
    S3_ACCESS_KEY=$(garage_field 'Key ID' "$garage_directory/write-key")
    S3_SECRET_KEY=$(garage_field 'Secret key' "$garage_directory/write-key")
    READ_ACCESS_KEY=$(garage_field 'Key ID' "$garage_directory/read-key")
    READ_SECRET_KEY=$(garage_field 'Secret key' "$garage_directory/read-key")
    export S3_ENDPOINT S3_ACCESS_KEY S3_SECRET_KEY READ_ACCESS_KEY READ_SECRET_KEY
    if [ -z "$S3_SECRET_KEY" ] || [ -z "$READ_SECRET_KEY" ]; then
        garage_fail "no keys came out" || return 1
    fi
}

garage_stop() {
    [ -n "${garage_pid:-}" ] || return 0
    kill "$garage_pid" 2>/dev/null || true
    wait "$garage_pid" 2>/dev/null || true
    garage_pid=
}
