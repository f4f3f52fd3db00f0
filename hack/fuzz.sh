#!/usr/bin/env bash
# Fuzzes every parser of external input, one after another, each for FUZZTIME (5m by default). go
# test stores an input that fails in testdata/fuzz beside its test. make test then includes that
# input.
set -euo pipefail
cd "$(dirname "$0")/.."

time=${FUZZTIME:-5m}
mapfile -t targets < <(git grep --untracked -o '^func Fuzz[A-Za-z]*' -- '*_test.go' | sed -E 's#^(.*)/[^/]*:func (.*)#./\1 \2#' | sort)
n=0
for target in "${targets[@]}"; do
  read -r package name <<<"$target"
  n=$((n + 1))
  echo "fuzz $n/${#targets[@]}: $package $name for $time"
  go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "$package"
done
echo "fuzz: ${#targets[@]} targets, $time each, clean"
