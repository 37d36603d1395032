#!/bin/bash
# A cluster of three PostgreSQL nodes under Patroni on one Linux machine, each node in a network
# of its own, with etcd and haproxy beside. For Debian 12, as root, to be tried and broken:
#
#   cluster.sh up DIR          makes and starts everything in DIR
#   cluster.sh kill NODE DIR   kill -9 of everything on a node (wd1, wd2, wd3)
#   cluster.sh start NODE DIR  starts a node again
#   cluster.sh cut NODE        takes the node's network away
#   cluster.sh mend NODE       gives it back
#   cluster.sh down DIR        stops and removes everything
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
nodes="wd1 wd2 wd3"
# PostgreSQL does not run as root.
as_postgres() { exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; }

address() { echo "10.88.0.1${1#wd}"; }

network() {
    ip link add wdbridge type bridge
    ip address add 10.88.0.1/24 dev wdbridge
    ip link set wdbridge up
    for node in $nodes; do
        ip netns add "$node"
        ip link add "$node" type veth peer name eth0 netns "$node"
        ip link set "$node" master wdbridge up
        ip -n "$node" address add "$(address "$node")/24" dev eth0
        ip -n "$node" link set eth0 up
        ip -n "$node" link set lo up
    done
}

start() {
    local node=$1 dir=$2/$1
    mkdir -p "$dir"
    sed -e "s#@NODE@#$node#g; s#@ADDRESS@#$(address "$node")#g; s#@DIR@#$dir#g" "$here/patroni.yml" >"$dir/patroni.yml"
    chown -R postgres:postgres "$dir"
    chmod 700 "$dir"
    ip netns exec "$node" setpriv --reuid=postgres --regid=postgres --init-groups -- \
        setsid patroni "$dir/patroni.yml" >>"$dir/patroni.log" 2>&1 &
}

killnode() { # everything that runs in the node's network
    local pids
    pids=$(ip netns pids "$1")
    # shellcheck disable=SC2086 # several
    [ -z "$pids" ] || kill -9 $pids 2>/dev/null || true # one may have ended meanwhile
}

case $1 in
up)
    dir=$2
    mkdir -p "$dir/etcd"
    chmod 711 "$dir"
    chown postgres:postgres "$dir/etcd"
    network
    (as_postgres etcd --data-dir "$dir/etcd" --name etcd1 --listen-client-urls http://10.88.0.1:2379 \
        --advertise-client-urls http://10.88.0.1:2379 --listen-peer-urls http://10.88.0.1:2380 \
        --initial-advertise-peer-urls http://10.88.0.1:2380 --initial-cluster etcd1=http://10.88.0.1:2380 \
        >"$dir/etcd.log" 2>&1 & echo $! >"$dir/etcd.pid")
    for node in $nodes; do start "$node" "$dir"; done
    (as_postgres haproxy -f "$here/haproxy.cfg" >"$dir/haproxy.log" 2>&1 & echo $! >"$dir/haproxy.pid")
    ;;
start) start "$2" "$3" ;;
kill) killnode "$2" ;;
cut) ip link set "$2" down ;;
mend) ip link set "$2" up ;;
down)
    for node in $nodes; do
        ip netns list | grep -qw "$node" || continue
        killnode "$node"
        ip netns delete "$node"
    done
    for pid in "$2"/haproxy.pid "$2"/etcd.pid; do
        [ ! -f "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || true
    done
    ip link delete wdbridge 2>/dev/null || true
    rm -rf "$2"
    ;;
*)
    sed -n '2,11p' "$0"
    exit 1
    ;;
esac
