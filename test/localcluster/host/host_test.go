package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRemovalTakesOnlyKubernetesChains(t *testing.T) {
	for name, tc := range map[string]struct{ saved, want string }{
		"nothing of Kubernetes": {saved: `*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -j DOCKER
COMMIT
`},
		"rules of others stay": {
			saved: `# Generated
*filter
:INPUT ACCEPT [0:0]
:KUBE-FORWARD - [0:0]
:MINE - [0:0]
-A INPUT -j MINE
-A INPUT -m comment --comment "to KUBE-FORWARD" -j KUBE-FORWARD
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A MINE -g KUBE-FORWARD
COMMIT
*nat
:OUTPUT ACCEPT [0:0]
COMMIT
`,
			want: `*filter
-D INPUT -m comment --comment "to KUBE-FORWARD" -j KUBE-FORWARD
-D MINE -g KUBE-FORWARD
-F KUBE-FORWARD
-X KUBE-FORWARD
COMMIT
`,
		},
		"every table": {
			saved: "*mangle\n:KUBE-A - [0:0]\nCOMMIT\n*nat\n:KUBE-A - [0:0]\n:KUBE-B - [0:0]\nCOMMIT\n",
			want:  "*mangle\n-F KUBE-A\n-X KUBE-A\nCOMMIT\n*nat\n-F KUBE-A\n-F KUBE-B\n-X KUBE-A\n-X KUBE-B\nCOMMIT\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, removal(tc.saved)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMountPointsInnermostFirst(t *testing.T) {
	const info = `21 1 254:0 / / rw - ext4 /dev/vda rw
30 21 0:5 / /cache/cluster/kubelet rw - ext4 /dev/vda rw
31 30 0:6 / /cache/cluster/kubelet/pods/1/a\040b rw - tmpfs tmpfs rw
32 21 0:7 / /cache/cluster-of-another rw - tmpfs tmpfs rw
33 21 0:8 / /run/executorpool rw - tmpfs tmpfs rw
34 21 0:9 / /sys/fs/cgroup/memory rw - cgroup cgroup rw
`
	want := []string{"/cache/cluster/kubelet/pods/1/a b", "/cache/cluster/kubelet", "/run/executorpool"}
	if diff := cmp.Diff(want, mountPoints(info, []string{"/cache/cluster", "/run/executorpool"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMissingNamesEachPackageOnce(t *testing.T) {
	got := Missing(map[string]string{"/bin/sh": "dash", "/no/b": "b", "/no/a": "a", "/no/a2": "a"})
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
