# The targets of the project. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# CACHE holds files that are expensive to build and equal for every checkout: control-plane
# binaries, tools, base images, and the state of the local cluster. Git ignores the directory. Set
# EXECUTORPOOL_CACHE to share one cache between checkouts.
CACHE := $(or $(EXECUTORPOOL_CACHE),$(CURDIR)/.cache)
export EXECUTORPOOL_CACHE := $(CACHE)
TOOLS := $(CACHE)/bin
export TOOLS
LOCALCLUSTER := go run ./test/localcluster

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# Each commit has its own tag, because a cluster replaces pods when the name of the image changes,
# not when its content changes.
IMAGE_TAG ?= $(VERSION)
export MANAGER_IMAGE ?= executorpool/manager:$(IMAGE_TAG)
export EXECUTOR_IMAGE ?= executorpool/executor:$(IMAGE_TAG)
export REHEARSE_IMAGE ?= executorpool/rehearse:$(IMAGE_TAG)

# The pinned tools are built from modules. Each version has a stamp file, so each version is built
# once.
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

# go_tool NAME,PACKAGE,VERSION,TAGS builds a tool into TOOLS unless that version is already built.
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
# The tag leaves out the service discovery clients of all clouds.
$(eval $(call go_tool,promtool,github.com/prometheus/prometheus/cmd/promtool,$(PROMTOOL_VERSION),remove_all_sd))

##@ Use

.PHONY: help
help: ## Show this list.
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(HELM) kubectl ## Create a cluster, install, run a contest start on 3 and on 10 replicas. KUBECONFIG=... uses your cluster.
	@KUBECONFIG="$(if $(filter command line,$(origin KUBECONFIG)),$(KUBECONFIG))" hack/demo.sh up

.PHONY: demo-down
demo-down: $(HELM) kubectl ## Remove everything that the demo created, including the local cluster.
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
generate: $(CONTROLLER_GEN) $(CRD_REF_DOCS) ## Regenerate all generated files.
	hack/generate.sh

.PHONY: tools
tools: $(CONTROLLER_GEN) $(CRD_REF_DOCS) $(GOLANGCI_LINT) $(KUBE_API_LINTER) $(GOTESTSUM) $(HELM) $(PROMTOOL) kubectl ## Build the pinned tools.

.PHONY: kubectl
kubectl:
	@test -x $(KUBECTL) || $(LOCALCLUSTER) assets >/dev/null

##@ Check

.PHONY: test
test: toolchains $(HELM) $(PROMTOOL) kubectl ## Run unit, executor and API server tests. They need no cluster.
	hack/test.sh

.PHONY: e2e
e2e: $(GOTESTSUM) $(HELM) kubectl ## Run the demo and the end-to-end tests on the local cluster.
	hack/e2e.sh

.PHONY: outage
outage: ## Stop the manager and the API server under load, on the cluster that make e2e or make demo leaves.
	KUBECONFIG="$$($(LOCALCLUSTER) kubeconfig)" go test -count=1 -v -timeout 20m -tags outage -run TestScalingOutlivesOutages ./test/e2e

.PHONY: nightly
nightly: objects kernels ## Run the checks that take too long for each change: 20 minutes of objects, and kernels.

.PHONY: verify
verify: tools ## Lint code and prose, and compare every generated file with its source.
	hack/verify.sh

.PHONY: kernels
kernels: ## Attack the executor on Debian's kernels 6.1 and 6.12, emulated. KERNELS_ARGS="--help" lists the flags.
	@go run ./test/kernels $(KERNELS_ARGS)

##@ Measure

.PHONY: bench
bench: toolchains ## Measure the cost of the sandbox against a bare fork and exec. BENCH_ARGS="--help" lists the flags.
	@go run ./bench $(BENCH_ARGS)

.PHONY: soak
soak: toolchains ## Run 100,000 runs of all kinds and check that the executor's resources do not grow.
	@go run ./bench --only soak $(BENCH_ARGS)

.PHONY: fuzz
fuzz: ## Fuzz every parser of external input, for FUZZTIME each (5m).
	@hack/fuzz.sh

.PHONY: objects
objects: toolchains ## Fuzz the sandbox with programs of kernel objects, beside honest programs. OBJECTS_ARGS="--help" lists the flags.
	@go run ./test/objects $(OBJECTS_ARGS)

.PHONY: simulate
simulate: ## Play arrival traces against the autoscaler, other autoscalers and the optimum. SIMULATE_ARGS="--help" lists the flags.
	@go run ./simulate $(SIMULATE_ARGS)

.PHONY: scale
scale: ## Measure the manager with hundreds of pools, on a control plane without nodes. SCALE_ARGS="--help" lists the flags.
	@KUBEBUILDER_ASSETS=$$($(LOCALCLUSTER) assets --controllers) && export KUBEBUILDER_ASSETS && go run ./test/scale $(SCALE_ARGS)

.PHONY: toolchains
toolchains:
	@hack/toolchains.sh

##@ Cluster

.PHONY: up
up: ## Start the local cluster.
	$(LOCALCLUSTER) up

.PHONY: down
down: ## Stop the local cluster and keep the cache.
	$(LOCALCLUSTER) down

.PHONY: clean
clean: down ## Stop the cluster and delete the cache and bin.
	rm -rf $(CACHE) bin
