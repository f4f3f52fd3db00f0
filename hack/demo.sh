#!/usr/bin/env bash
# Runs the demo: a cluster, an installation, and a contest start on 3 and on 10 replicas.
# `make demo` and `make demo-down` call this script.
#
#   hack/demo.sh up     cluster, images, chart, pool, two rehearsals, their comparison
#   hack/demo.sh down   remove everything that `up` created
#
# KUBECONFIG         the cluster to use instead of the local one; it must be able to pull the images
# MANAGER_IMAGE, EXECUTOR_IMAGE, REHEARSE_IMAGE    NAME:TAG of the three images
# TOOLS              directory of kubectl and helm
# EXECUTORPOOL_CACHE directory of the summaries and logs, under demo/
set -euo pipefail
cd "$(dirname "$0")/.."

KUBECONFIG=${KUBECONFIG:-}
CACHE=${EXECUTORPOOL_CACHE:-$PWD/.cache}
TOOLS=${TOOLS:-$CACHE/bin}
MANAGER_IMAGE=${MANAGER_IMAGE:-executorpool/manager:dev}
EXECUTOR_IMAGE=${EXECUTOR_IMAGE:-executorpool/executor:dev}
REHEARSE_IMAGE=${REHEARSE_IMAGE:-executorpool/rehearse:dev}

readonly RELEASE=executorpool SYSTEM=executorpool-system CONTEST=contest POOL=demo JOB=rehearsal
# The demo labels the namespaces that it creates, and changes no others.
readonly OWNED=executorpool.dev/demo
readonly OUT=$CACHE/demo
LOCAL=yes
[[ -z $KUBECONFIG ]] || LOCAL=

steps=0
step() {
	steps=$((steps + 1))
	printf '\n[%3d s] %d. %s\n' "$SECONDS" "$steps" "$*"
}

fail() {
	printf '\ndemo: %s\n' "$*" >&2
	exit 1
}

localcluster() { go run ./test/localcluster "$@"; }
kube() { "$TOOLS/kubectl" --kubeconfig "$KUBECONFIG" "$@"; }
helm() { "$TOOLS/helm" --kubeconfig "$KUBECONFIG" "$@"; }
in_contest() { kube --namespace "$CONTEST" "$@"; }

# until_true SECONDS COMMAND... runs the command once a second until it succeeds or the time is
# over.
until_true() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < deadline)) || return 1
		sleep 1
	done
}

# explain prints the state of the cluster when the demo fails.
explain() {
	local status=$?
	((status != 0)) || return 0
	{
		printf '\nThe state of the cluster:\n'
		in_contest get executorpools,pods --output wide
		in_contest get events --sort-by .lastTimestamp | tail -n 15
		kube --namespace "$SYSTEM" get pods
		kube --namespace "$SYSTEM" logs --selector "app.kubernetes.io/instance=$RELEASE" --tail 15
	} >&2 || true
}

# own_namespace NAME creates a namespace for the demo, or reuses the one of an earlier demo.
own_namespace() {
	if ! kube get namespace "$1" >/dev/null 2>&1; then
		kube create namespace "$1"
		kube label namespace "$1" "$OWNED=true" >/dev/null
	fi
	kube get namespaces --selector "$OWNED" --output name | grep -x "namespace/$1" >/dev/null ||
		fail "namespace $1 exists and the demo did not create it: use another cluster, or remove the namespace first"
}

replicas_ready() {
	[[ $(in_contest get "executorpool/$POOL" --output 'jsonpath={.status.readyReplicas}') == "$1" ]] &&
		[[ $(in_contest get endpointslices --selector "kubernetes.io/service-name=$POOL" \
			--output 'jsonpath={.items[*].endpoints[?(@.conditions.ready==true)].targetRef.name}' | wc -w) == "$1" ]]
}

# in_service REPLICAS waits until that number of replicas answers at the address of the pool.
# kube-proxy adds a replica shortly after the pool reports it ready; before, all 200 participants
# would reach the first replica. The address of another cluster cannot be reached from this machine,
# so the function then does not wait.
in_service() {
	[[ $LOCAL ]] || return 0
	local address
	address=$(in_contest get service "$POOL" --output 'jsonpath={.spec.clusterIP}')
	go run ./cmd/rehearse wait --url "http://$address:8000" --replicas "$1" --timeout 60s
}

rehearsal_started() {
	[[ $(rehearsal_pod '{.items[0].status.phase}') =~ Running|Succeeded|Failed ]]
}

rehearsal_ended() {
	[[ -n $(rehearsal_pod '{.items[0].status.containerStatuses[0].state.terminated.exitCode}') ]]
}

rehearsal_pod() {
	in_contest get pods --selector "batch.kubernetes.io/job-name=$JOB" --output "jsonpath=$1" 2>/dev/null
}

# rehearse NAME runs the rehearsal job, prints its log and stores its summary as NAME.json.
rehearse() {
	in_contest delete job "$JOB" --ignore-not-found --wait >/dev/null
	sed "s|image: executorpool/rehearse:dev|image: $REHEARSE_IMAGE|" config/samples/rehearsal-job.yaml |
		in_contest apply --filename - >/dev/null
	until_true 120 rehearsal_started || fail "the pod of the rehearsal does not start: kubectl -n $CONTEST describe job $JOB"
	in_contest logs --follow "job/$JOB" | sed --unbuffered '/^{/d'
	until_true 60 rehearsal_ended || fail "the rehearsal does not end: kubectl -n $CONTEST describe job $JOB"
	in_contest logs "job/$JOB" | grep '^{' >"$OUT/$1.json" || fail "the rehearsal wrote no summary"
	[[ $(rehearsal_pod '{.items[0].status.containerStatuses[0].state.terminated.exitCode}') == 0 ]] ||
		fail "not every submission got its right verdict on $1; the summary is in $OUT/$1.json"
}

scale_to() {
	until_true 300 replicas_ready "$1" && in_service "$1" || fail "the pool does not get $1 ready replicas into its Service: kubectl -n $CONTEST describe xpool $POOL"
}

up() {
	local image
	for image in "$MANAGER_IMAGE" "$EXECUTOR_IMAGE" "$REHEARSE_IMAGE"; do
		[[ ${image##*/} == *:* ]] || fail "image $image has no tag: write it as NAME:TAG"
	done
	mkdir -p "$OUT"

	if [[ $LOCAL ]]; then
		step "bring a one-node cluster up on this machine"
		localcluster up
		KUBECONFIG=$(localcluster kubeconfig)
		step "build the images and load them into the cluster"
		local target
		for target in manager executor rehearse; do
			image=${target^^}_IMAGE
			localcluster build "$target" "${!image}"
			localcluster load "${!image}"
		done
	else
		step "use the cluster of $KUBECONFIG"
		kube version
	fi
	trap explain EXIT

	step "install the controllers with Helm"
	own_namespace "$SYSTEM"
	helm upgrade --install "$RELEASE" charts/executorpool --namespace "$SYSTEM" \
		--set "image.repository=${MANAGER_IMAGE%:*}" --set "image.tag=${MANAGER_IMAGE##*:}" \
		--set "executorImage=$EXECUTOR_IMAGE" --wait --timeout 180s

	step "apply a pool of 3 replicas, in a namespace under PodSecurity restricted"
	own_namespace "$CONTEST"
	kube label namespace "$CONTEST" pod-security.kubernetes.io/enforce=restricted --overwrite >/dev/null
	in_contest apply --filename config/samples/executorpool.yaml
	in_contest wait --for condition=Ready "executorpool/$POOL" --timeout 300s
	scale_to 3
	in_contest create configmap contest-programs --from-file config/samples/contest --dry-run=client --output yaml |
		in_contest apply --filename -

	step "rehearse a contest start: 200 participants at once on 3 replicas"
	rehearse 3-replicas
	step "kubectl get executorpools"
	in_contest get executorpools

	step "kubectl scale executorpool/$POOL --replicas=10"
	in_contest scale "executorpool/$POOL" --replicas=10
	scale_to 10
	in_contest get executorpools

	step "rehearse the same start on 10 replicas"
	rehearse 10-replicas

	step "compare"
	go run ./cmd/rehearse compare "$OUT/3-replicas.json" "$OUT/10-replicas.json" --max-wait-ratio 0.5 ||
		fail "10 replicas did not halve the p95 wait of 3 with every verdict right; the summaries are in $OUT"
	next
}

next() {
	local kubectl="$TOOLS/kubectl -n $CONTEST"
	cat <<-END

		Done in $SECONDS s: every verdict right on both, nothing lost, and the wait more than halved.
		The cluster stays up. To try next:

		  export KUBECONFIG=$KUBECONFIG
		  $kubectl get executorpools,pods
		  $kubectl describe executorpool $POOL
		  $kubectl explain executorpool.spec
		  $kubectl patch executorpool $POOL --type merge -p '{"spec":{"timeoutSeconds":30}}'
		  $kubectl scale executorpool/$POOL --replicas=3

		make demo-down removes everything.
	END
}

down() {
	if [[ $LOCAL ]]; then
		step "take the local cluster down"
		localcluster down
		return
	fi
	step "remove the demo from the cluster of $KUBECONFIG"
	local owned
	owned=$(kube get namespaces --selector "$OWNED" --output name)
	# The controllers must still run while the pool is deleted.
	if [[ $owned == *"namespace/$CONTEST"* ]]; then
		kube delete namespace "$CONTEST"
	fi
	if [[ $owned == *"namespace/$SYSTEM"* ]]; then
		helm uninstall "$RELEASE" --namespace "$SYSTEM" --ignore-not-found --wait
		kube delete namespace "$SYSTEM"
	fi
	# The deletion of the definition deletes every pool, so the definition is deleted only without
	# pools.
	if [[ -z $(kube get executorpools --all-namespaces --output name 2>/dev/null) ]]; then
		kube delete crd executorpools.executorpool.dev contests.executorpool.dev --ignore-not-found
	fi
}

case ${1:-} in
up) up ;;
down) down ;;
*) fail "usage: hack/demo.sh up|down" ;;
esac
