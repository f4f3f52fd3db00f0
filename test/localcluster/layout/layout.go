package layout

import "path/filepath"

const (
	// Runtime is the directory of sockets, process records, locks and the name of the cache that owns
	// the running cluster.
	Runtime = "/run/executorpool"
	// NodeName is the name of the only node.
	NodeName = "local"
	// Bridge is the network interface to which pods are connected. It has the node's address, so the
	// cluster is not reachable from other machines.
	Bridge = "expool0"
	// NodeIP is the address of the bridge, on which the API server and the kubelet listen.
	NodeIP = "10.244.0.1"
	// PodCIDR is the network of the node and the pods.
	PodCIDR = "10.244.0.0/24"
	// ServiceCIDR is the network of Services. ServiceIP is its first address, which is that of the API
	// server.
	ServiceCIDR = "10.96.0.0/16"
	ServiceIP   = "10.96.0.1"
	// DNSIP is the address of the cluster's DNS server.
	DNSIP = NodeIP
	// ClusterDomain is the DNS domain of Services.
	ClusterDomain = "cluster.local"
	// Namespace is the containerd namespace of the kubelet's images and containers. It is also the
	// name of the control group above all containers in every hierarchy. Other container runtimes of
	// the machine may use the same group.
	Namespace = "k8s.io"
)

// The ports are below the ephemeral range of the kernel and differ from the usual ports of other
// clusters.
const (
	EtcdPort              = 23790
	EtcdPeerPort          = 23800
	APIServerPort         = 6443
	ControllerManagerPort = 23257
	SchedulerPort         = 23259
	KubeletPort           = 23250
	KubeletHealthPort     = 23248
	ProxyHealthPort       = 23256
	ProxyMetricsPort      = 23249
	DNSHealthPort         = 23253
)

// Layout gives the paths of a cluster. Cache is an absolute path.
type Layout struct{ Cache string }

// Bin returns the path of a program: the control plane, kubectl, and programs of other tools.
func (l Layout) Bin(name string) string { return filepath.Join(l.Cache, "bin", name) }

// Image returns the path of a file or directory that building images uses.
func (l Layout) Image(elem ...string) string { return l.join("images", elem) }

// Cluster returns a path in the directory of the running cluster.
func (l Layout) Cluster(elem ...string) string { return l.join("cluster", elem) }

// Log returns the path of a component's log.
func (l Layout) Log(name string) string { return filepath.Join(l.Cache, "log", name+".log") }

// PKI returns the path of a certificate or key.
func (l Layout) PKI(name string) string { return l.Cluster("pki", name) }

// Config returns the path of a component's configuration file.
func (l Layout) Config(name string) string { return l.Cluster("config", name) }

// Kubeconfig returns the path of the admin's kubeconfig.
func (l Layout) Kubeconfig() string { return l.Cluster("kubeconfig") }

func (l Layout) join(first string, elem []string) string {
	return filepath.Join(append([]string{l.Cache, first}, elem...)...)
}

// Records returns the directory of process records.
func Records() string { return filepath.Join(Runtime, "processes") }

// Containerd returns a path in the state directory of containerd. State returns a path in its root
// directory.
func Containerd(elem ...string) string {
	return filepath.Join(append([]string{Runtime, "containerd"}, elem...)...)
}

// ContainerdSocket returns the path of the socket of the container runtime.
func ContainerdSocket() string { return Containerd("containerd.sock") }
