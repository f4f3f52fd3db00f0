#!/usr/bin/env bash
# Runs the demo on the local cluster, which installs the project and must succeed, and then the
# end-to-end tests on the cluster that the demo leaves.
set -euo pipefail
cd "$(dirname "$0")/.."

KUBECONFIG='' hack/demo.sh up
KUBECONFIG=$(go run ./test/localcluster kubeconfig)
export KUBECONFIG
# gotestsum prints the output of go test -v, and repeats the failures at the end of half an hour of
# output.
"$TOOLS/gotestsum" --format standard-verbose -- -count=1 -timeout 40m ./test/e2e
