#!/usr/bin/env bash
# Prepares a broker of Kafka 4, which keeps the cluster's metadata itself (KRaft), and becomes the command it is given.
# It refuses a volume that a broker with ZooKeeper wrote: the image would format it, and its topics would be lost.
set -euo pipefail

fail() { printf 'kraft: %s\n' "$*" >&2; exit 1; }

: "${KAFKA_LOG_DIRS:?}" "${KAFKA_NODE_ID:?}" "${KAFKA_DEFAULT_REPLICATION_FACTOR:?}" "${CLUSTER_ID:?}" "${POD_NAME:?}"

remedy="nothing was changed; switch the component kraft off and go on with ZooKeeper, or first copy the topics to another
 cluster (MirrorMaker 2) and delete the claims of the old one"
remedy=${remedy//$'\n'/}

property() { sed -n "s/^$1=//p" "$2" | tr -d '\r'; }  # $1: its name, $2: the file

IFS=, read -ra folders <<<"$KAFKA_LOG_DIRS"
for folder in "${folders[@]}"; do
  meta=$folder/meta.properties
  if [ ! -e "$meta" ]; then
    # What is left of a cluster whose file was lost; a new volume holds at most lost+found.
    ! compgen -G "$folder/*-[0-9]*" >/dev/null || fail "$folder holds partitions but no meta.properties: $remedy"
    continue
  fi
  [ -r "$meta" ] || fail "$meta cannot be read: see its owner and mode"
  version=$(property version "$meta") node=$(property node.id "$meta") cluster=$(property cluster.id "$meta")
  [[ $version = 1 && -n $node ]] ||
    fail "$meta is of a broker with ZooKeeper (version=$version, node.id=$node), which Kafka 4 cannot read: $remedy"
  [ "$cluster" = "$CLUSTER_ID" ] ||
    fail "$meta is of the cluster $cluster, not of $CLUSTER_ID: set CLUSTER_ID to it if the volume belongs here"
done

# An empty setting is one that Kafka 4 does not know any more; the image would make a property of it all the same.
for name in "${!KAFKA_@}"; do
  [ -n "${!name}" ] || unset "$name"
done

# As many brokers vote as a topic has copies: the first ones. The last listener is the voters'.
voters=''
for ((id = 0; id < KAFKA_DEFAULT_REPLICATION_FACTOR; id++)); do
  voters+="${voters:+,}$id@${POD_NAME%-*}-$id.${POD_NAME%-*}:${KAFKA_LISTENERS##*:}"
done
export KAFKA_CONTROLLER_QUORUM_VOTERS=$voters

if [ "$KAFKA_NODE_ID" -ge "$KAFKA_DEFAULT_REPLICATION_FACTOR" ]; then
  export KAFKA_PROCESS_ROLES=broker
  export KAFKA_LISTENERS=${KAFKA_LISTENERS%,*} KAFKA_ADVERTISED_LISTENERS=${KAFKA_ADVERTISED_LISTENERS%,*}
fi

exec "$@"
