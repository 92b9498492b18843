#!/bin/bash
# Drives Postern for the side-by-side benchmark (its README says what each verb must do). From the environment: RUN (our
# private folder), PORT_*, OUT_TLS, CERT, KEY; POSTERN is the program under test.
set -euo pipefail
postern=${POSTERN:-$(dirname "$(readlink -f "$0")")/../../build/release-lto/postern}
conf=$RUN/postern.toml
domain=bench.test

write_config() {
  mkdir -p "$RUN/data"
  cat > "$conf" <<CONF
hostname = "mx.$domain"

[storage]
directory = "$RUN/data"

[tls]
certificate = "$CERT"
key = "$KEY"

[listeners]
smtp = ["127.0.0.1:$PORT_SMTP"]
submission = ["127.0.0.1:$PORT_SUBMISSION"]
submissions = ["127.0.0.1:$PORT_SUBMISSIONS"]
imap = ["127.0.0.1:$PORT_IMAP"]
imaps = ["127.0.0.1:$PORT_IMAPS"]

# All remote mail goes to the sink.
[delivery]
route = "127.0.0.1:$PORT_SINK"
allow_private_destinations = true
tls = "$([ "${OUT_TLS:-none}" = none ] && echo none || echo opportunistic)"

[auth]
login_domain = "$domain"

# One host is all the peers there are, and one account has many sessions.
[limits]
connections_per_ip = 0
connections_per_account = 0

# The load comes from a domain that does not exist, and the peers do not ask.
[smtp]
check_sender_domain = false
[authentication]
verify = ${POSTERN_BENCH_VERIFY:-false}

[log]
level = "warn"
file = "$RUN/postern.log"
CONF
}

# stdin: `name password scheme` a line. A password is stored in one way only, so "plain" and "real" are the same here.
# The harness asks for the same thousands of accounts before each scenario, and each costs an Argon2id: they are made
# once for a program and a list, and copied.
users() {
  write_config
  local list kept
  list=$(cat)
  kept=$RUN.accounts-$({ printf '%s\n' "$list"; sha256sum < "$postern"; } | sha256sum | cut -c 1-16)
  if [ ! -d "$kept" ]; then
    "$postern" domain add --config "$conf" "$domain"
    printf '%s\n' "$list" | awk -v at="@$domain" '{ print $1 at, $2 }' | "$postern" account add --config "$conf" --batch -
    cp -a "$RUN/data" "$kept.new"
    mv "$kept.new" "$kept"
  else
    rm -rf "$RUN/data"
    cp -a "$kept" "$RUN/data"
  fi
}

start() {
  write_config
  "$postern" serve --config "$conf" > "$RUN/postern.out" 2>&1 < /dev/null &
  echo $! > "$RUN/pid"
}

stop() {
  [ -f "$RUN/pid" ] || return 0
  local pid
  pid=$(cat "$RUN/pid")
  rm -f "$RUN/pid"
  kill "$pid" 2>/dev/null || return 0
  tail --pid="$pid" -f /dev/null
}

case ${1:-} in
  users) users ;;
  start) start ;;
  stop) stop ;;
  version) "$postern" version | head -n 1 ;;
  queued) "$postern" queue list --config "$conf" --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))' ;;
  flush) "$postern" queue retry --config "$conf" --all ;;
  *) echo "unknown verb ${1:-}" >&2; exit 2 ;;
esac
