#!/bin/sh
# with_server.sh THARSIS STATE WORD...: runs the words, @ENDPOINT@ among them replaced by where a gateway of its own listens.
program=$1 state=$2
shift 2
rm -rf "$state"
mkdir -m 700 -p "$state"
"$program" stn serve tcp://127.0.0.1:0 --state "$state" >/dev/null &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null' EXIT
until [ -s "$state/gateway/endpoint" ]; do kill -0 "$server" || exit 1; sleep 0.02; done
endpoint=$(cat "$state/gateway/endpoint")
count=$#
while [ "$count" -gt 0 ]; do
  word=$1
  shift
  [ "$word" = @ENDPOINT@ ] && word=$endpoint
  set -- "$@" "$word"
  count=$((count - 1))
done
"$@"
