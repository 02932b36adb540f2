#!/bin/sh
# What the runtime of an AppImage does under APPIMAGE_EXTRACT_AND_RUN=1: it unpacks the image beside
# all else that is temporary, starts what is in it as a child, with two variables that tell of both,
# hands no signal on, waits for it, and removes what it unpacked.
set -eu
APPIMAGE=$(realpath "$0")
APPDIR=$(mktemp -d "${TMPDIR:-/tmp}/appimage_extracted_XXXXXX")
export APPIMAGE APPDIR
cp -r /opt/notes/. "$APPDIR"
cp --remove-destination /usr/bin/python3 "$APPDIR/bin/python" # an image has a Python of its own
status=0
"$APPDIR/bin/python" "$@" || status=$?
rm -rf "$APPDIR"
exit "$status"
