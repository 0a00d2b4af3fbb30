#!/bin/sh
# with_display.sh WORD...: runs the words with a display of their own, where Xvfb is; else with none (Qt's "offscreen").
if ! command -v Xvfb >/dev/null; then
  QT_QPA_PLATFORM=offscreen exec "$@"
fi
said=$(mktemp)
Xvfb -displayfd 3 -screen 0 1280x1024x24 -nolisten tcp 3>"$said" >/dev/null 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -f "$said"' EXIT
until [ -s "$said" ]; do kill -0 "$server" || exit 1; sleep 0.05; done
DISPLAY=:$(cat "$said") QT_QPA_PLATFORM=xcb "$@"
