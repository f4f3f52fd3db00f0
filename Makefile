# Everything the project can do, by name. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# CACHE holds what takes long to make and is the same for every checkout: control-plane binaries, tools, base images, and
# the local cluster's state. It is git-ignored; point EXECUTORPOOL_CACHE elsewhere to share it between checkouts.
CACHE := $(or $(EXECUTORPOOL_CACHE),$(CURDIR)/.cache)
export EXECUTORPOOL_CACHE := $(CACHE)
TOOLS := $(CACHE)/bin
export TOOLS
LOCALCLUSTER := go run ./test/localcluster

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# A tag of its own for each commit: a cluster replaces pods when the image's name changes, not when its content does.
IMAGE_TAG ?= $(VERSION)
export MANAGER_IMAGE ?= executorpool/manager:$(IMAGE_TAG)
export EXECUTOR_IMAGE ?= executorpool/executor:$(IMAGE_TAG)
export REHEARSE_IMAGE ?= executorpool/rehearse:$(IMAGE_TAG)

# Pinned tools, built from modules. A new version here is a new stamp file, so it is built once.
CONTROLLER_GEN_VERSION := v0.23.0
CRD_REF_DOCS_VERSION := v0.3.0
GOLANGCI_LINT_VERSION := v2.15.0
GOTESTSUM_VERSION := v1.13.0
HELM_VERSION := v4.3.1
KUBE_API_LINTER_VERSION := v0.0.0-20260716143926-092fe0c72997
PROMTOOL_VERSION := v0.316.0

CONTROLLER_GEN := $(TOOLS)/controller-gen
CRD_REF_DOCS := $(TOOLS)/crd-ref-docs
GOLANGCI_LINT := $(TOOLS)/golangci-lint
GOTESTSUM := $(TOOLS)/gotestsum
HELM := $(TOOLS)/helm
KUBE_API_LINTER := $(TOOLS)/golangci-lint-kube-api-linter
KUBECTL := $(TOOLS)/kubectl
PROMTOOL := $(TOOLS)/promtool

# go_tool NAME,PACKAGE,VERSION,TAGS: builds a tool into TOOLS unless that version is there.
define go_tool
$(TOOLS)/.$(1)-$(3):
	@mkdir -p $(TOOLS); rm -f $(TOOLS)/.$(1)-*
	@echo "building $(1) $(3)"; GOBIN=$(TOOLS) GOFLAGS= CGO_ENABLED=0 go install -tags=$(4) $(2)@$(3)
	@touch $$@
$(TOOLS)/$(1): $(TOOLS)/.$(1)-$(3)
endef
$(eval $(call go_tool,controller-gen,sigs.k8s.io/controller-tools/cmd/controller-gen,$(CONTROLLER_GEN_VERSION)))
$(eval $(call go_tool,crd-ref-docs,github.com/elastic/crd-ref-docs,$(CRD_REF_DOCS_VERSION)))
$(eval $(call go_tool,golangci-lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint,$(GOLANGCI_LINT_VERSION)))
$(eval $(call go_tool,golangci-lint-kube-api-linter,sigs.k8s.io/kube-api-linter/cmd/golangci-lint-kube-api-linter,$(KUBE_API_LINTER_VERSION)))
$(eval $(call go_tool,gotestsum,gotest.tools/gotestsum,$(GOTESTSUM_VERSION)))
$(eval $(call go_tool,helm,helm.sh/helm/v4/cmd/helm,$(HELM_VERSION)))
# Without the clients of every cloud that Prometheus can find targets in.
$(eval $(call go_tool,promtool,github.com/prometheus/prometheus/cmd/promtool,$(PROMTOOL_VERSION),remove_all_sd))

##@ Use

.PHONY: help
help: ## Show this list.
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(HELM) kubectl ## Bring up a cluster, install, run a contest start on 3 and on 10 replicas. KUBECONFIG=... uses your cluster.
	@KUBECONFIG="$(if $(filter command line,$(origin KUBECONFIG)),$(KUBECONFIG))" hack/demo.sh up

.PHONY: demo-down
demo-down: $(HELM) kubectl ## Remove everything the demo made, the local cluster included.
	@KUBECONFIG="$(if $(filter command line,$(origin KUBECONFIG)),$(KUBECONFIG))" hack/demo.sh down

##@ Build

.PHONY: build
build: ## Build bin/manager, bin/executor and bin/rehearse.
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/ ./cmd/...

.PHONY: images
images: ## Build the three images.
	@$(LOCALCLUSTER) build manager $(MANAGER_IMAGE)
	@$(LOCALCLUSTER) build executor $(EXECUTOR_IMAGE)
	@$(LOCALCLUSTER) build rehearse $(REHEARSE_IMAGE)

.PHONY: generate
generate: $(CONTROLLER_GEN) $(CRD_REF_DOCS) ## Regenerate everything that is generated.
	hack/generate.sh

.PHONY: tools
tools: $(CONTROLLER_GEN) $(CRD_REF_DOCS) $(GOLANGCI_LINT) $(KUBE_API_LINTER) $(GOTESTSUM) $(HELM) $(PROMTOOL) kubectl ## Build the pinned tools.

.PHONY: kubectl
kubectl:
	@test -x $(KUBECTL) || $(LOCALCLUSTER) assets >/dev/null

##@ Check

.PHONY: test
test: toolchains $(HELM) $(PROMTOOL) kubectl ## Unit, executor and API-server tests. Needs no cluster.
	hack/test.sh

.PHONY: e2e
e2e: $(GOTESTSUM) $(HELM) kubectl ## Run the demo and the end-to-end tests on the local cluster.
	hack/e2e.sh

.PHONY: outage
outage: ## Take manager and API server away from a pool under load, on the cluster that make e2e or make demo leaves.
	KUBECONFIG="$$($(LOCALCLUSTER) kubeconfig)" go test -count=1 -v -timeout 20m -tags outage -run TestScalingOutlivesOutages ./test/e2e

.PHONY: verify
verify: tools ## Lint, and compare every generated file with what its source gives.
	hack/verify.sh

##@ Measure

.PHONY: bench
bench: toolchains ## Measure what the sandbox costs, against a bare fork and exec. BENCH_ARGS="--help" tells more.
	@go run ./bench $(BENCH_ARGS)

.PHONY: soak
soak: toolchains ## 100,000 runs of all kinds, after which an executor holds what it held before.
	@go run ./bench --only soak $(BENCH_ARGS)

.PHONY: fuzz
fuzz: ## Fuzz every parser of what comes from outside, for FUZZTIME each (5m).
	@hack/fuzz.sh

.PHONY: simulate
simulate: ## Play arrival traces against the autoscaler, its peers and the optimum. SIMULATE_ARGS="--help" tells more.
	@go run ./simulate $(SIMULATE_ARGS)

.PHONY: scale
scale: ## Run hundreds of pools on a control plane without nodes, and see what the manager costs. SCALE_ARGS="--help" tells more.
	@KUBEBUILDER_ASSETS=$$($(LOCALCLUSTER) assets --controllers) && export KUBEBUILDER_ASSETS && go run ./test/scale $(SCALE_ARGS)

.PHONY: toolchains
toolchains:
	@hack/toolchains.sh

##@ Cluster

.PHONY: up
up: ## Bring the local cluster up.
	$(LOCALCLUSTER) up

.PHONY: down
down: ## Take the local cluster down; the cache stays.
	$(LOCALCLUSTER) down

.PHONY: clean
clean: down ## Take the cluster down and delete the cache and bin.
	rm -rf $(CACHE) bin
