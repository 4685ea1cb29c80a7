#!/bin/sh
# Runs one Apache Kafka broker for as long as the test that started it lives.
#
#   broker.sh FOLDER JAVA_ARGUMENTS...     the broker's log is appended to FOLDER/broker.log
#
# Standard input is the leash: the test holds its other end and never lets go of it while it needs the
# broker. When the test ends, in whatever way (even by SIGKILL), the system closes that end, and the broker
# is killed and FOLDER removed. The one word "keep" instead kills the broker and leaves FOLDER for the
# next start: to the broker, that is a crash. The exit code is the broker's.
set -u
folder=$1
shift

exec 3<&0
java "$@" </dev/null >>"$folder/broker.log" 2>&1 3<&- &
broker=$!

{
    read -r word <&3 || word=
    kill -9 "$broker" 2>/dev/null
    while kill -0 "$broker" 2>/dev/null; do sleep 0.05; done
    [ "$word" = keep ] || rm -rf "$folder"
} >/dev/null 2>&1 &

wait "$broker"
code=$?
# 137 is SIGKILL: then the folder is in order, too, when this script ends.
[ "$code" != 137 ] || wait
exit "$code"
