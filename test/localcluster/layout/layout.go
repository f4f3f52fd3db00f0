// Package layout says where everything of the local cluster lives: folders, sockets, addresses, ports, names. It is
// pure: it names places and touches none of them.
//
// What may be kept (binaries, images) is in the cache folder; what belongs to one running cluster is in its folder
// "cluster", save sockets, process records and locks: these are in a folder of the machine, because a socket's path may
// have no more than 107 bytes and because there is one cluster a machine, whichever checkout or cache started it.
package layout

import "path/filepath"

const (
	// Runtime holds sockets, process records, locks and the name of the cache that owns the running cluster.
	Runtime = "/run/executorpool"
	// NodeName is the name of the one node.
	NodeName = "local"
	// Bridge is the network interface that pods hang on. Its address is the node's: nothing listens beyond this machine.
	Bridge = "expool0"
	// NodeIP is the bridge's address; API server and kubelet listen there.
	NodeIP = "10.244.0.1"
	// PodCIDR is the network of nodes and pods.
	PodCIDR = "10.244.0.0/24"
	// ServiceCIDR is the network of Services, ServiceIP its first address, which is the API server's.
	ServiceCIDR = "10.96.0.0/16"
	ServiceIP   = "10.96.0.1"
	// DNSIP answers pods' name look-ups.
	DNSIP = NodeIP
	// ClusterDomain is the suffix of Services' names.
	ClusterDomain = "cluster.local"
	// Namespace is the runtime's for the kubelet's images and containers. It is also the name of the control group above
	// all containers, in every hierarchy, which the machine's other runtimes may share.
	Namespace = "k8s.io"
)

// Ports. All are below the range the kernel hands out by itself, and none is a usual one of another cluster's.
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

// Layout is the cache folder, an absolute path.
type Layout struct{ Cache string }

// Bin holds programs: the control plane, kubectl, and what other tools put there.
func (l Layout) Bin(name string) string { return filepath.Join(l.Cache, "bin", name) }

// Image is a file or folder used in building images.
func (l Layout) Image(elem ...string) string { return l.join("images", elem) }

// Cluster is a path inside the running cluster's folder.
func (l Layout) Cluster(elem ...string) string { return l.join("cluster", elem) }

// Log is a component's log.
func (l Layout) Log(name string) string { return filepath.Join(l.Cache, "log", name+".log") }

// PKI is a certificate or key.
func (l Layout) PKI(name string) string { return l.Cluster("pki", name) }

// Config is a component's configuration file.
func (l Layout) Config(name string) string { return l.Cluster("config", name) }

// Kubeconfig is the admin's.
func (l Layout) Kubeconfig() string { return l.Cluster("kubeconfig") }

func (l Layout) join(first string, elem []string) string {
	return filepath.Join(append([]string{l.Cache, first}, elem...)...)
}

// Records is the folder of process records.
func Records() string { return filepath.Join(Runtime, "processes") }

// Containerd is a path in containerd's state folder; State its root.
func Containerd(elem ...string) string {
	return filepath.Join(append([]string{Runtime, "containerd"}, elem...)...)
}

// ContainerdSocket is where the container runtime listens.
func ContainerdSocket() string { return Containerd("containerd.sock") }
