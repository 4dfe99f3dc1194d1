# Makes a PostgreSQL cluster, says in which folder it is, serves it until standard input ends, and leaves nothing behind.
# Standard input is a pipe of which xtask alone holds the other end, so this ends whenever xtask does: well, by a panic,
# or by any signal.
#
# $1: the folder of PostgreSQL's programs. $2: where to make the cluster's folder. The others: more lines of postgresql.conf.
set -eu
programs=$1
parent=$2
shift 2

folder=$(mktemp -d "$parent/anvis-postgres.XXXXXX")
cd "$folder"
leave() {
    # Nothing in it is wanted, so it need not be written down first.
    "$programs/pg_ctl" stop --pgdata "$folder" --mode immediate --silent >/dev/null 2>&1 || true
    cd /
    rm -rf "$folder"
}
trap leave EXIT
trap 'exit 1' HUP INT PIPE TERM

# Nobody else gets at the socket: the folder is closed to others. The roles that tests make have passwords, so that a wrong
# one can be told.
said=$("$programs/initdb" --pgdata "$folder" --username anvis --auth-local trust --auth-host reject \
    --encoding UTF8 --locale C --no-sync 2>&1) || {
    printf '%s\n' "$said" >&2
    exit 1
}
printf '%s\n' 'local all anvis trust' 'local all all scram-sha-256' 'hostssl all anvis 127.0.0.1/32 trust' >pg_hba.conf
# No network, unless a test about encryption says so. The socket is in the data folder.
printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '.'" 'port = 5432' 'max_connections = 100' "$@" \
    >>postgresql.conf
"$programs/pg_ctl" start --pgdata "$folder" --wait --log server.log >/dev/null 2>&1 || {
    cat server.log >&2
    exit 1
}
printf '%s\n' "$folder"
read -r _ || true
