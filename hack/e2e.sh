#!/usr/bin/env bash
# Everything together on the local cluster: the demo, which installs the project and must end well, and then the
# end-to-end tests on the cluster the demo leaves.
set -euo pipefail
cd "$(dirname "$0")/.."

KUBECONFIG='' hack/demo.sh up
KUBECONFIG=$(go run ./test/localcluster kubeconfig)
export KUBECONFIG
go test -count=1 -v -timeout 40m ./test/e2e
