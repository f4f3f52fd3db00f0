#!/usr/bin/env bash
# Runs every test that needs no cluster: pure packages, the executor with real toolchains and the
# real sandbox, and the controllers against a real kube-apiserver and etcd.
set -euo pipefail
cd "$(dirname "$0")/.."

KUBEBUILDER_ASSETS=$(go run ./test/localcluster assets)
export KUBEBUILDER_ASSETS

# The executor's packages share the machine's cores with the programs that they run, so -p 1 runs
# one package at a time. -p 1 would also compile one package at a time, so go build compiles first.
raced=(./executor/... ./rehearse/... ./cmd/executor ./cmd/rehearse)
go build -race "${raced[@]}"
go test -race -p 1 -timeout 15m "${raced[@]}"
go test -timeout 10m ./api/... ./controllers/... ./cmd/manager ./simulate/... ./test/localcluster/...
# These tests read files that Go's test cache does not track: charts, manifests, pages, binaries.
go test -count=1 -p 1 -timeout 15m ./hack/... ./test/docs ./test/imports ./test/install ./test/kernels ./test/monitoring ./test/attacks ./test/objects/... ./test/envtest/...
# test/openapi is a module of its own, with libraries that the project itself does not need.
go test -C test/openapi -count=1 -timeout 10m ./...
