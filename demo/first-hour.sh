#!/usr/bin/env bash
# Goes from a CSV file to a served model, and checks each step. Needs `npm ci` and curl, and writes into a temporary folder.
#
#   demo/first-hour.sh           does all of it and prints the transcript
#   demo/first-hour.sh --write   also writes the transcript to docs/tutorial.md
#   demo/first-hour.sh --check   also fails if that page differs from the transcript
set -euo pipefail
cd "$(dirname "$0")/.."
checkout="$PWD"
page="$checkout/docs/tutorial.md"
mode="${1:-}"
[[ "$mode" =~ ^(--write|--check)?$ ]] || { echo "allowed: --write or --check" >&2; exit 64; }

work="$(mktemp -d)"
transcript="$work/transcript.md"
service=''
clean_up() {
  if [[ -n "$service" ]]; then kill "$service" 2>/dev/null && wait "$service" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap clean_up EXIT

# What `npm link` does, for this script alone.
mkdir "$work/bin" "$work/hour"
ln -s "$checkout/tools/waymark/waymark.cjs" "$work/bin/waymark"
export PATH="$work/bin:$checkout/node_modules/.bin:$PATH"
free_port() { node -e 'const s = require("node:net").createServer().listen(0, () => { console.log(s.address().port); s.close(); })'; }
# Other services may have the usual ports. The transcript shows the usual ones.
port="$(free_port)" metrics="$(free_port)"
export WAYMARK_URL="http://localhost:$port"
export PORT="$port" OTEL_EXPORTER_PROMETHEUS_PORT="$metrics" LOG_LEVEL=warn
unset OTEL_EXPORTER_OTLP_ENDPOINT WAYMARK_TOKEN API_TOKENS API_TOKENS_FILE MODELS_DIR DATA_DIR
cd "$work/hour"

# Replaces what differs between two runs: ids, times and the hosts' ports.
settle() {
  sed -E \
    -e "s/localhost:$port/localhost:3000/g; s/localhost:$metrics/localhost:9464/g" \
    -e 's/"(traceId|predictionTraceId)":"[0-9a-f]{32}"/"\1":"5b8a…"/g; s/"id":( ?)"[A-Za-z0-9_-]{40,}"/"id":\1"AbC1…"/g' \
    -e 's/[0-9a-z]{8,12}-[0-9a-f]{8}/mwvbg1gj-0a6b8008/g' \
    -e 's/[0-9]+(\.[0-9]+)? (ns|µs|ms|s)\b/…/g; /…$/s/ {2,}/  /g' \
    -e 's/ +$//'
}
say() { printf '%s\n\n' "$*" | tee -a "$transcript"; }
# Runs a command, and keeps its output for `expect`.
run() {
  local status=0
  output="$(eval "$1" 2>&1)" || status=$?
  { printf '```sh\n$ %s\n%s\n```\n\n' "$1" "$output" | settle; } | tee -a "$transcript"
  [[ "$status" == "${2:-0}" ]] || fail "the exit code is $status, not ${2:-0}"
}
# Checks the output of the last command against an extended regular expression.
expect() { grep -qE -- "$1" <<<"$output" || fail "the output does not match: $1"; }
fail() {
  printf 'first-hour: %s\n' "$1" >&2
  exit 1
}

# Writes three kinds of messages to a shop. The test file has sentences that the other file does not have.
write_data() {
  local -A about=(
    [billing]='my card was charged twice|the invoice shows the wrong amount|I want a refund for the payment|the discount is missing on my bill|the tax on the invoice is wrong|you took the money two times'
    [delivery]='my parcel has not arrived|the package was left at the wrong door|when will the courier come|the box came damaged|the tracking number does not work|half of the parcel is missing'
    [account]='I cannot sign in any more|please reset my password|how do I change my email address|my account is locked|the login code never comes|delete my profile please'
  )
  local -A unseen=(
    [billing]='the payment was taken two times|the amount on my card is wrong|the invoice never comes|please refund the wrong charge'
    [delivery]='the courier left a damaged box|my package is missing|the parcel was sent to the wrong address|the number of the courier does not work'
    [account]='the password code does not work|my login is locked|please delete my account|the address in my profile is wrong'
  )
  local label
  echo 'text,label' | tee tickets.csv >test.csv
  for label in billing delivery account; do
    write_rows "$label" "${about[$label]}" >>tickets.csv
    write_rows "$label" "${unseen[$label]}" >>test.csv
  done
}
# Writes each sentence in several messages.
write_rows() {
  local start end sentence
  while IFS= read -r -d '|' sentence; do
    for start in 'hello,' 'hi there,' 'good morning,' 'please help:' 'second request:'; do
      for end in 'thank you' 'order 1234' 'this is the third time' 'what should I do?'; do
        echo "\"$start $sentence, $end\",$1"
      done
    done
  done <<<"$2|"
}

say '# The first hour'
say 'From a CSV file to a served model. `demo/first-hour.sh --write` ran each command of this page and wrote the page; `.ci/run` runs it
again. Ids and times differ in each run, so they are shortened. In the checkout, run `npm ci` and `npm link` first. Then the command
`waymark` works in any folder.'

say '## Data'
say 'Any CSV, TSV or JSON Lines file with a text and a label for each row will do. This one has messages to a shop.'
write_data
run 'wc -l tickets.csv test.csv && head -3 tickets.csv'
expect ' 361 tickets.csv'

say '## Train'
say 'The first version of a model is active, because nothing else could answer.'
run 'waymark train --data tickets.csv --model tickets 2>/dev/null'
expect 'models/tickets/1'

say '## Try it without a service'
run 'waymark classify --model tickets "hello, my card was charged for another parcel, thank you"'
expect '^billing '
run 'waymark classify --model tickets --json "hello, where is my parcel, thank you" | cut -c 1-70'
expect '"prediction":"delivery"'

say '## Measure it'
say '`--html` also writes a page with the calibration and the worst mistakes.'
run 'waymark evaluate --model tickets --data test.csv --html evaluation.html'
expect 'accuracy'
[[ -s evaluation.html ]] || fail 'there is no evaluation.html'

say '## Leave doubtful texts to a person'
say 'The table above has the accuracy that remains if texts below a confidence are left to a person. An answer below this minimum is marked.'
run 'waymark classify --model tickets --explain 0 --min-confidence 0.9 "hello, is anybody there"'
expect '^Abstained: '

say '## Serve it'
say '```sh
$ DEFAULT_MODEL=tickets waymark serve
```'
DEFAULT_MODEL=tickets waymark serve >"$work/service.log" 2>&1 &
service=$!
for ((i = 0; i < 600; i++)); do
  curl -sf "$WAYMARK_URL/readyz" >/dev/null && break
  kill -0 "$service" 2>/dev/null || fail "the service has ended: $(cat "$work/service.log")"
  sleep 0.1
done
say 'In another terminal:'
post() { printf "curl -s localhost:%s%s -H 'content-type: application/json' -d '%s'" "$port" "$1" "$2"; }
run "$(post /predict '{"text": "hello, I was charged for a parcel that is missing, thank you"}')"
expect '"prediction":"billing"'
expect '"version":"1"'
id="$(sed -E 's/.*"id":"([^"]+)".*/\1/' <<<"$output")"
say 'The answer has the id of the prediction. With it, a person can send the true label, and the text if it may be learned from.'
run "$(post /feedback "{\"id\": \"$id\", \"label\": \"delivery\", \"text\": \"hello, I was charged for a parcel that is missing, thank you\"}")"
expect '"correct":false'

say '## A second version deploys nothing'
say 'The second version learns from the feedback too. It is compared with the active one on texts that neither has
seen, and waits until it gets a role.'
run 'waymark train --data tickets.csv --model tickets --with-feedback --test test.csv 2>/dev/null'
expect 'models/tickets/2'
# A running service finds a new version on disk within seconds.
for ((i = 0; i < 120; i++)); do waymark models list | grep -q 'tickets@2' && break; sleep 0.5; done
run 'waymark models list'
expect 'tickets@1 +active'
expect 'tickets@2 +- '
run 'waymark evaluate --compare tickets@1 tickets@2 --data test.csv'
expect 'tickets@2'

say '## Give it a role'
say 'A shadow scores the same texts and nobody sees its answers. A canary answers a share of the requests.'
run 'waymark models shadow tickets@2'
expect 'active 1, shadow 2'
run 'waymark models canary tickets@2 --share 0.1'
expect 'canary 2 with 10.0 %'
run 'waymark models activate tickets@2 --reason "learned from feedback"'
expect 'active 2, '
run "$(post /predict '{"text": "hello, I forgot my password, thank you"}')"
expect '"version":"2"'
run 'waymark models rollback tickets'
expect 'active 1, '

say '## Retrain in the service'
say '`train` wrote where the data are, so the service can train by itself. The new version becomes the shadow.'
run 'waymark models retrain tickets --wait'
expect 'succeeded: tickets@3'
run 'waymark models list'
expect 'tickets@3 +shadow'

say '## The service abstains too'
say 'A request says how sure an answer must be. Without it, the policy of the model says so, and a service notices a changed policy by itself.'
run "$(post /predict '{"text": "hello, is anybody there", "minConfidence": 0.9}')"
expect '"abstained":true'
run "echo '{\"data\": \"../../tickets.csv\", \"minConfidence\": 0.9}' >models/tickets/policy.json"
doubtful="$(post /predict '{"text": "hello, is anybody there"}')"
for ((i = 0; i < 120; i++)); do eval "$doubtful" | grep -q '"abstained":true' && break; sleep 0.5; done
run "$doubtful"
expect '"abstained":true'
run "curl -s localhost:$metrics/metrics | grep -c '^classifier_abstentions_total{.*model=\"tickets\"'"
expect '^1$'

say '## Mistakes are explained'
run 'waymark models activate tickets@9' 1
expect 'there are: 3, 2, 1'
run "$(post /predict '{"text": "hello", "modle": "tickets"}')"
expect 'the unknown field \\"modle\\"; allowed: text, model'

say '## Load'
say 'Without `--max-errors` no request may fail. The report is in `data/load`.'
run "waymark load smoke --target $WAYMARK_URL --metrics http://localhost:$metrics/metrics --data test.csv --duration 3s --rate 5 --timeout 30s >load.txt 2>&1 && echo passed"
expect '^passed$'
ls data/load/smoke-*.html >/dev/null

kill "$service"
wait "$service" || fail "the service ended with $?"
service=''
say 'Read next: [versions and their roles](roles.md), [classifier](classifier.md), [HTTP](http.md),
[load tests](../tools/load/README.md).'

case "$mode" in
--write) cp "$transcript" "$page" ;;
--check) diff "$page" "$transcript" || fail 'docs/tutorial.md differs; demo/first-hour.sh --write writes it' ;;
esac
printf 'first-hour: all steps passed in %d s\n' "$SECONDS" >&2
