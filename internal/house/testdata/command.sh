#!/bin/sh
# Stands in for a command that documentation names: notes how it was called, one line of JSON, and says something.
line=\"${0##*/}\"
for argument; do
	line=$line,$(printf '%s' "$argument" | sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$/"/')
done
printf '[%s]\n' "$line" >>"$CALLS"
echo said-by-a-command
