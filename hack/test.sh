#!/usr/bin/env bash
# Every test that needs no cluster: pure packages, the executor with real toolchains and the real sandbox, and the
# controllers against a real kube-apiserver and etcd.
set -euo pipefail
cd "$(dirname "$0")/.."

KUBEBUILDER_ASSETS=$(go run ./test/localcluster assets)
export KUBEBUILDER_ASSETS

# The executor's packages share the machine's cores with the programs they run: one package at a time. That would also
# compile one package at a time, so what can be compiled is compiled before.
raced=(./executor/... ./rehearse/... ./cmd/executor ./cmd/rehearse)
go build -race "${raced[@]}"
go test -race -p 1 -timeout 15m "${raced[@]}"
go test -timeout 10m ./api/... ./controllers/... ./cmd/manager ./simulate/... ./test/localcluster/...
# These read files that Go's test cache does not see: charts, manifests, binaries.
go test -count=1 -p 1 -timeout 15m ./test/install ./test/monitoring ./test/attacks ./test/envtest/...
