#!/usr/bin/env bash
# Runs every check that does not run the project. The first check that fails ends the script.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '%s\n' "verify: $*"; }

step "formatting"
unformatted=$(git ls-files -z '*.go' | xargs -0 gofmt -l)
[ -z "$unformatted" ] || { printf 'run gofmt -w on:\n%s\n' "$unformatted" >&2; exit 1; }

step "go.mod"
for module in . test/openapi; do
  (cd "$module" && go mod tidy -diff && go mod verify >/dev/null)
done

step "names and prose"
go run ./hack/glossary

step "lint"
"$TOOLS/golangci-lint" run ./...
(cd test/openapi && "$TOOLS/golangci-lint" run ./...)
"$TOOLS/golangci-lint-kube-api-linter" run -c api/kube-api-linter.yml ./api/v1alpha1/

step "generated files"
before=$(git status --porcelain)
hack/generate.sh
after=$(git status --porcelain)
if [ "$before" != "$after" ]; then
  git --no-pager diff --stat >&2
  echo "generated files differ from their sources: run make generate and commit the result" >&2
  exit 1
fi

step "chart"
"$TOOLS/helm" lint --strict --quiet charts/executorpool
