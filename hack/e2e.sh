#!/usr/bin/env bash
# Everything together on the local cluster: the demo, which installs the project and must end well, and then the
# end-to-end tests on the cluster the demo leaves.
set -euo pipefail
cd "$(dirname "$0")/.."

KUBECONFIG='' hack/demo.sh up
KUBECONFIG=$(go run ./test/localcluster kubeconfig)
export KUBECONFIG
# Prints as go test -v does, and at the end what failed once more: a failure in half an hour of output is hard to find.
"$TOOLS/gotestsum" --format standard-verbose -- -count=1 -timeout 40m ./test/e2e
