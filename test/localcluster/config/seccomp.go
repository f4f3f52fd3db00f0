package config

import (
	"encoding/json"
	"path/filepath"

	"executorpool.dev/test/localcluster/layout"
)

// Seccomp profiles, each of which denies system calls that one protection of the sandbox needs.
// Pods name them in localhostProfile by these paths, which are relative to the kubelet's directory
// of seccomp profiles.
const (
	RefuseLandlock           = "executorpool/refuse-landlock.json"
	RefuseSeccomp            = "executorpool/refuse-seccomp.json"
	RefuseLandlockAndSeccomp = "executorpool/refuse-landlock-and-seccomp.json"
	// RefuseOther denies a system call that no protection needs.
	RefuseOther = "executorpool/refuse-other.json"
)

// ociSeccomp is a profile in the format of the OCI runtime specification.
type ociSeccomp struct {
	DefaultAction string     `json:"defaultAction"`
	Syscalls      []ociCalls `json:"syscalls"`
}

type ociCalls struct {
	Names  []string      `json:"names"`
	Action string        `json:"action"`
	Args   []ociArgument `json:"args,omitempty"`
}

type ociArgument struct {
	Index uint   `json:"index"`
	Value uint64 `json:"value"`
	Op    string `json:"op"`
}

// profiles returns the profiles by path. They deny with EPERM, as the default profile of the
// container runtime does.
func profiles(l layout.Layout) map[string]string {
	const refuse = "SCMP_ACT_ERRNO"
	landlock := ociCalls{Names: []string{"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"}, Action: refuse}
	// A filter can also be loaded with prctl(PR_SET_SECCOMP), whose number is 22.
	seccomp := []ociCalls{
		{Names: []string{"seccomp"}, Action: refuse},
		{Names: []string{"prctl"}, Action: refuse, Args: []ociArgument{{Index: 0, Value: 22, Op: "SCMP_CMP_EQ"}}},
	}
	files := map[string]string{}
	for name, calls := range map[string][]ociCalls{
		RefuseLandlock:           {landlock},
		RefuseSeccomp:            seccomp,
		RefuseLandlockAndSeccomp: append([]ociCalls{landlock}, seccomp...),
		RefuseOther:              {{Names: []string{"ptrace", "bpf", "io_uring_setup"}, Action: refuse}},
	} {
		content, err := json.MarshalIndent(ociSeccomp{DefaultAction: "SCMP_ACT_ALLOW", Syscalls: calls}, "", "  ")
		if err != nil {
			panic(err) // cannot fail: the type has only strings and numbers
		}
		files[l.Cluster("kubelet", "seccomp", filepath.FromSlash(name))] = string(content) + "\n"
	}
	return files
}
