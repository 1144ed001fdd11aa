# SPDX-License-Identifier: Apache-2.0
# Figures of the benches: one JSON object each in the file $out.

median() { sort -n | awk '{v[NR]=$1} END{print v[int((NR + 1) / 2)]}'; }

# figure NAME VALUE UNIT YARDSTICK_NAME YARDSTICK at_most|at_least BOUND
figure() {
  jq -nc --arg name "$1" --argjson value "$2" --arg unit "$3" --arg against "$4" --argjson yardstick "$5" \
    --arg sense "$6" --argjson bound "$7" '
    ($value / $yardstick * 1000 | round / 1000) as $ratio
    | {name: $name, value: $value, unit: $unit, yardstick: {name: $against, value: $yardstick}, ratio: $ratio,
       goal: ((if $sense == "at_most" then "<= " else ">= " end) + ($bound | tostring)),
       met: (if $sense == "at_most" then $ratio <= $bound else $ratio >= $bound end)}' >>"$out"
}

show_figures() {
  jq -rs '(["figure","value","unit","yardstick","of yardstick","ratio","goal","met"] | @tsv),
    (.[] | [.name, .value, .unit, .yardstick.value, .yardstick.name, .ratio, .goal, (if .met then "yes" else "no" end)] | @tsv)' "$out" |
    column -t -s "$(printf '\t')"
}
