package install

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// policyRow is one write of the manager's account: a rendered object of a pool with a change.
type policyRow struct {
	object string
	change func(object map[string]any)
	// denied is a part of the policy's message; empty when the write is allowed.
	denied string
}

// document is a JSON object, list a JSON array.
type document = map[string]any

func list(values ...any) []any { return values }

// set returns a change that sets the field at path.
func set(value any, path ...string) func(document) {
	return func(object document) {
		if err := unstructured.SetNestedField(object, value, path...); err != nil {
			panic(err)
		}
	}
}

// inPod returns a change of the pod template, inContainer one of its container.
func inPod(value any, path ...string) func(document) {
	return set(value, append([]string{"spec", "template", "spec"}, path...)...)
}

func inContainer(value any, path ...string) func(document) {
	return func(object document) {
		containers, _, err := unstructured.NestedSlice(object, "spec", "template", "spec", "containers")
		if err != nil {
			panic(err)
		}
		set(value, path...)(containers[0].(document))
		inPod(containers, "containers")(object)
	}
}

// volume returns a change that replaces the volumes by one.
func volume(source string, value document) func(document) {
	return inPod(list(document{"name": "scratch", source: value}), "volumes")
}

func privileged(object document) {
	inContainer(true, "securityContext", "privileged")(object)
	inContainer(true, "securityContext", "allowPrivilegeEscalation")(object)
}

func otherOwner(object document) {
	set(list(document{"apiVersion": "v1", "kind": "ConfigMap", "name": "finals", "uid": "1", "controller": true}), "metadata", "ownerReferences")(object)
}

// policyRows has each kind as the manager writes it, and at least one write that each rule of the
// policy denies.
var policyRows = map[string]policyRow{
	"ServiceAccount as rendered":      {object: "ServiceAccount"},
	"NetworkPolicy as rendered":       {object: "NetworkPolicy"},
	"Service as rendered":             {object: "Service"},
	"PodDisruptionBudget as rendered": {object: "PodDisruptionBudget"},
	"Deployment as rendered":          {object: "Deployment"},
	"DaemonSet as rendered":           {object: "DaemonSet"},
	"Job as rendered":                 {object: "Job"},

	"namespace of Kubernetes": {"Deployment", set("kube-system", "metadata", "namespace"), "kube-*"},
	"account there":           {"ServiceAccount", set("kube-public", "metadata", "namespace"), "kube-*"},
	"no owner":                {"Deployment", set(list(), "metadata", "ownerReferences"), "only objects that a pool"},
	"other owner":             {"Deployment", otherOwner, "only objects that a pool"},
	"name of another object":  {"Service", set("coredns", "metadata", "name"), "only objects that a pool"},
	"no label":                {"Deployment", set(document{"app": "bank"}, "metadata", "labels"), "only objects that a pool"},

	"foreign account":       {"Deployment", inPod("admin", "serviceAccountName"), "with the account of the pool"},
	"token":                 {"DaemonSet", inPod(true, "automountServiceAccountToken"), "mount no token"},
	"network of the node":   {"DaemonSet", inPod(true, "hostNetwork"), "no namespace with their node"},
	"processes of the node": {"Deployment", inPod(true, "hostPID"), "no namespace with their node"},
	"IPC of the node":       {"Job", inPod(true, "hostIPC"), "no namespace with their node"},
	"chosen node":           {"Deployment", inPod("control-plane", "nodeName"), "chooses the node"},
	"hostPath":              {"DaemonSet", volume("hostPath", document{"path": "/"}), "no volume but emptyDir"},
	"Secret as volume":      {"Job", volume("secret", document{"secretName": "admin"}), "no volume but emptyDir"},
	"projected token": {"Job", volume("projected",
		document{"sources": list(document{"serviceAccountToken": document{"path": "t"}})}), "no volume but emptyDir"},
	"init container":            {"Deployment", inPod(list(document{"name": "a", "image": "b"}), "initContainers"), "have one container"},
	"container of another name": {"Deployment", inContainer("shell", "name"), "have one container"},
	"Secret as environment":     {"Deployment", inContainer(list(document{"secretRef": document{"name": "admin"}}), "envFrom"), "read no Secret"},
	"key of a Secret": {"Job", inContainer(list(document{"name": "A",
		"valueFrom": document{"secretKeyRef": document{"name": "admin", "key": "a"}}}), "env"), "read no Secret"},
	"port of the node": {"DaemonSet", inContainer(list(document{"containerPort": int64(80), "hostPort": int64(80)}), "ports"), "no port on their node"},
	"sysctls":          {"Deployment", inPod(list(document{"name": "kernel.msgmax", "value": "1"}), "securityContext", "sysctls"), "no sysctls"},

	"root":                      {"Deployment", inPod(int64(0), "securityContext", "runAsUser"), "not run as root"},
	"root in the container":     {"Deployment", inContainer(int64(0), "securityContext", "runAsUser"), "not run as root"},
	"any user":                  {"Deployment", inContainer(false, "securityContext", "runAsNonRoot"), "not run as root"},
	"privileged":                {"DaemonSet", privileged, "no privileges"},
	"privilege escalation":      {"Deployment", inContainer(true, "securityContext", "allowPrivilegeEscalation"), "no privileges"},
	"capability":                {"Deployment", inContainer(list("SYS_ADMIN"), "securityContext", "capabilities", "add"), "no privileges"},
	"capabilities kept":         {"Job", inContainer(list(), "securityContext", "capabilities", "drop"), "no privileges"},
	"no security context":       {"Deployment", inContainer(document{}, "securityContext"), "no privileges"},
	"no seccomp":                {"Deployment", inPod("Unconfined", "securityContext", "seccompProfile", "type"), "RuntimeDefault"},
	"no seccomp in a container": {"Deployment", inContainer(document{"type": "Unconfined"}, "securityContext", "seccompProfile"), "RuntimeDefault"},

	"token of the account":      {"ServiceAccount", set(true, "automountServiceAccountToken"), "account of a pool"},
	"role of a cloud":           {"ServiceAccount", set(document{"eks.amazonaws.com/role-arn": "admin"}, "metadata", "annotations"), "account of a pool"},
	"Secret of the account":     {"ServiceAccount", set(list(document{"name": "admin"}), "secrets"), "account of a pool"},
	"load balancer":             {"Service", set("LoadBalancer", "spec", "type"), "Service of a pool"},
	"external address":          {"Service", set(list("192.0.2.1"), "spec", "externalIPs"), "Service of a pool"},
	"pods of others":            {"Service", set(document{"app": "bank"}, "spec", "selector"), "Service of a pool"},
	"all pods of the namespace": {"NetworkPolicy", set(document{}, "spec", "podSelector"), "NetworkPolicy of a pool"},
	"evictions of other pods":   {"PodDisruptionBudget", set(document{}, "spec", "selector"), "PodDisruptionBudget of a pool"},
}
