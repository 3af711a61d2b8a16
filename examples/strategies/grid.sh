#!/usr/bin/env bash
# The grid of grid.py with kubectl alone: buy at each line, sell what was bought one line higher, and again.
#
#   examples/strategies/grid.sh ACCOUNT NAMESPACE LOW HIGH LINES QUANTITY [LOOKS]
#   examples/strategies/grid.sh trading-accounts/paper strategy-demo 50000 58000 5 0.001
#
# LOW and HIGH are whole numbers. LOOKS: how often it looks, once a second; without it, until it is ended. NAME (default
# shell-grid) begins the orders' names, SYMBOL is the market (BTC/USDT). All that it knows is in the orders: end it
# whenever you like, and start it again.
set -euo pipefail

if (($# < 6)); then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
account=$1 namespace=$2 low=$3 high=$4 lines=$5 quantity=$6 looks=${7:--1}
name=${NAME:-shell-grid} symbol=${SYMBOL:-BTC/USDT}
if [[ $account != */* || ! "$low$high$lines" =~ ^[0-9]+$ ]] || ((lines < 2 || low >= high)); then
  echo "grid.sh: write ACCOUNT as namespace/name, whole numbers with LOW below HIGH, and at least 2 LINES" >&2
  exit 2
fi

price_of() { echo $((low + (high - low) * $1 / (lines - 1))); }

# place ORDER SIDE QUANTITY PRICE. `create` changes nothing that is there: the same name is the same order.
place() {
  kubectl create -n "$namespace" -f - >/dev/null <<MANIFEST && echo "$1: $2 $3 at $4"
apiVersion: exchangekernel.dev/v1alpha1
kind: OrderIntent
metadata:
  name: $1
spec:
  accountRef: {namespace: ${account%/*}, name: ${account#*/}}
  symbol: $symbol
  side: $2
  type: Limit
  quantity: "$3"
  price: "$4"
  roundingPolicy: Conservative
MANIFEST
}

# One line per order: name, state, settled, filled quantity, fee in the base currency.
orders() {
  local fee="{.status.fees[?(@.currency==\"${symbol%/*}\")].amount}"
  local row="{.metadata.name} {.status.state} {.status.settled} {.status.filledQuantity} $fee"
  kubectl get orderintents -n "$namespace" -o jsonpath="{range .items[*]}$row{\"\\n\"}{end}"
}

look() {
  local -A turn=() state=() settled=() filled=() fee=()
  local order said done got paid cell number bought listed
  listed=$(orders) || return 0 # the API server is away: the next look tries again
  while read -r order said done got paid; do
    [[ $order =~ ^"$name"-([0-9]+)-([0-9]+)$ ]] || continue
    cell=${BASH_REMATCH[1]} number=${BASH_REMATCH[2]}
    ((number >= ${turn[$cell]:--1})) || continue
    turn[$cell]=$number state[$cell]=$said settled[$cell]=$done filled[$cell]=$got fee[$cell]=${paid:-0}
  done <<<"$listed"
  for ((cell = 0; cell < lines - 1; cell++)); do
    if [[ -z ${turn[$cell]:-} ]]; then
      place "$name-$cell-0" Buy "$quantity" "$(price_of "$cell")" || true
    elif [[ ${state[$cell]} == Filled && ${settled[$cell]} == true ]]; then
      number=$((turn[$cell] + 1))
      if ((number % 2)); then # the shell has no decimals, awk has enough of them
        bought=$(awk -v a="${filled[$cell]}" -v b="${fee[$cell]}" 'BEGIN { printf "%.8f", a - b }')
        place "$name-$cell-$number" Sell "$bought" "$(price_of $((cell + 1)))" || true
      else
        place "$name-$cell-$number" Buy "$quantity" "$(price_of "$cell")" || true
      fi
    fi
  done
}

while ((looks != 0)); do
  look
  looks=$((looks > 0 ? looks - 1 : looks))
  sleep 1
done
