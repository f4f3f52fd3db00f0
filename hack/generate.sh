#!/usr/bin/env bash
# Writes every generated file from its source: deepcopy, apply configurations, CRD, RBAC, the
# chart's copies of CRD, RBAC, admission policy and dashboard, the API reference, the copy of the
# OpenAPI document in docs, and the client that tests use.
set -euo pipefail
cd "$(dirname "$0")/.."

"$TOOLS/controller-gen" object crd applyconfiguration paths=./api/... output:crd:dir=config/crd/bases
"$TOOLS/controller-gen" rbac:roleName=manager paths=./controllers/... output:rbac:dir=config/rbac

# The chart contains copies, because Helm reads no file outside the chart's directory.
cp config/crd/bases/*.yaml charts/executorpool/files/crds/
cp config/rbac/{role,metrics_reader_role,pool_viewer_role,pool_editor_role}.yaml charts/executorpool/files/rbac/
cp config/admission-policy/policy.yaml charts/executorpool/files/admission-policy/
cp config/grafana/executorpool.json charts/executorpool/files/dashboards/

"$TOOLS/crd-ref-docs" --source-path=api/v1alpha1 --config=docs/crd-ref-docs.yaml --templates-dir=docs/templates \
  --renderer=markdown --output-path=docs/api.md --log-level=ERROR

cp executor/api/openapi.json docs/openapi.json
(cd test/openapi && go tool oapi-codegen -config=oapi-codegen.yaml ../../docs/openapi.json)
