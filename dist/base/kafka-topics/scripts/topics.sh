#!/usr/bin/env bash
# Makes Kafka's topics what the topics file says. A line: name partitions replication [key=value ...]
# Safe to run again: it creates what is missing, raises partitions, sets configuration; it removes and lowers nothing.
set -euo pipefail

TOPICS_FILE=${TOPICS_FILE:-/etc/newstalk/topics}
KAFKA_WAIT_SECONDS=${KAFKA_WAIT_SECONDS:-300}
export LOG_DIR=${LOG_DIR:-/tmp}  # Kafka's tools want a directory for logs, and the root is read-only
unset KAFKA_OPTS                 # an agent meant for the broker would claim its port here

say() { printf 'topics: %s\n' "$*"; }
fail() { say "$*" >&2; exit 1; }

: "${KAFKA_BOOTSTRAP_SERVERS:?set it to host:port of a broker}"
[ -r "$TOPICS_FILE" ] || fail "$TOPICS_FILE cannot be read; mount the topics there or set TOPICS_FILE"

tool() { local name=$1; shift; "$name" --bootstrap-server "$KAFKA_BOOTSTRAP_SERVERS" "$@" </dev/null; }

# $1: what cannot be done if the tool fails; its own words are in one line among warnings and stack traces
must() {
  local complaint=$1 output; shift
  output=$(tool "$@" 2>&1) || fail "$complaint: $(grep -m1 -E 'Error|Exception' <<<"$output" || tail -n1 <<<"$output")"
}

# Comments and empty lines are left out; a malformed line stops the run before anything is changed.
topics=$(sed 's/#.*//' "$TOPICS_FILE" | awk 'NF')
[ -n "$topics" ] || fail "$TOPICS_FILE names no topic"
while read -r line; do
  [[ $line =~ ^[A-Za-z0-9._-]+[[:space:]]+[1-9][0-9]*[[:space:]]+[1-9][0-9]*([[:space:]]+[a-z.]+=[^[:space:]]+)*[[:space:]]*$ ]] ||
    fail "$TOPICS_FILE: '$line' is not 'name partitions replication [key=value ...]'"
done <<<"$topics"

# A topic needs as many brokers as replicas, so the first broker to answer is not enough.
needed=$(awk '$3 > most { most = $3 } END { print most }' <<<"$topics")
deadline=$((SECONDS + KAFKA_WAIT_SECONDS))
until brokers=$(tool kafka-broker-api-versions 2>/dev/null | grep -c ' (id: '); [ "${brokers:-0}" -ge "$needed" ]; do
  [ "$SECONDS" -lt "$deadline" ] ||
    fail "$brokers of $needed brokers answer at $KAFKA_BOOTSTRAP_SERVERS after $KAFKA_WAIT_SECONDS s; see the brokers' logs"
  say "waiting for brokers at $KAFKA_BOOTSTRAP_SERVERS: $brokers of $needed"
  sleep 5
done

# $1: a word of the first line of the topic's description, such as PartitionCount; nothing for an unknown topic
described() { sed -n "1s/.*$1: *\([0-9]*\).*/\1/p"; }

while read -r name partitions replication settings; do
  config=()
  for setting in $settings; do config+=(--config "$setting"); done

  must "$name could not be created" kafka-topics --create --if-not-exists --topic "$name" \
    --partitions "$partitions" --replication-factor "$replication" "${config[@]}"
  description=$(tool kafka-topics --describe --topic "$name") || fail "$name could not be described"
  has=$(described PartitionCount <<<"$description")
  copies=$(described ReplicationFactor <<<"$description")

  if [ "$has" -lt "$partitions" ]; then
    must "$name could not get more partitions" kafka-topics --alter --topic "$name" --partitions "$partitions"
    say "$name: partitions raised from $has to $partitions"
    has=$partitions
  elif [ "$has" -gt "$partitions" ]; then
    say "$name: has $has partitions, $partitions are asked for: partitions are never lowered, raise the file's figure"
  fi
  [ "$copies" = "$replication" ] ||
    say "$name: has $copies replicas, $replication are asked for: change them with kafka-reassign-partitions"

  # A topic that exists took no --config above. A value with commas is bracketed, or it would be split.
  added=""
  for setting in $settings; do
    value=${setting#*=}
    [[ $value != *,* ]] || value="[$value]"
    added+="${added:+,}${setting%%=*}=$value"
  done
  [ -z "$added" ] || must "$name could not take $settings" \
    kafka-configs --alter --entity-type topics --entity-name "$name" --add-config "$added"
  say "$name: $has partitions, $copies replicas${settings:+, $settings}"
done <<<"$topics"
