#!/bin/sh
# Ends a server, and removes its folder, when the test that started it ends.
#
#   leash.sh FOLDER SIGNAL     SIGNAL (a name without SIG) is what ends the server at once
#
# Standard input is the leash: the test holds its other end and never lets go of it while it needs the server. When
# the test ends, in whatever way (even by SIGKILL), the system closes that end. Each line names the process ID of the
# server that runs now; an empty one says that none does.
set -u
folder=$1
signal=$2
trap '' HUP INT TERM

process=
while read -r line; do process=$line; done

if [ -n "$process" ] && kill -s "$signal" "$process"; then
    # One that is suspended hears the signal when it goes on.
    kill -s CONT "$process"
    patience=100
    while kill -0 "$process" 2>/dev/null && [ "$patience" -gt 0 ]; do
        sleep 0.05
        patience=$((patience - 1))
    done
    kill -s KILL "$process" 2>/dev/null
fi
# A dying process may still have been writing to it.
until rm -rf "$folder"; do sleep 0.05; done
