#!/usr/bin/env bash
# Every test that needs no cluster: pure packages, the executor with real toolchains and the real sandbox, and the
# controllers against a real kube-apiserver and etcd.
set -euo pipefail
cd "$(dirname "$0")/.."

KUBEBUILDER_ASSETS=$(go run ./test/localcluster assets)
export KUBEBUILDER_ASSETS

mapfile -t all < <(go list ./... | grep -v '/test/e2e$')
raced=() plain=()
for package in "${all[@]}"; do
  case $package in
    executorpool.dev/executor/* | executorpool.dev/rehearse*) raced+=("$package") ;;
    *) plain+=("$package") ;;
  esac
done
# The executor's packages share the machine's cores with the programs they run: one package at a time.
go test -race -p 1 -timeout 15m "${raced[@]}"
go test -timeout 15m "${plain[@]}"
