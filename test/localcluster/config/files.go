package config

import (
	"fmt"
	"maps"

	"executorpool.dev/test/localcluster/layout"
)

// PauseImage is the image of the pods' sandbox containers. It is made on this machine and never
// pulled.
const PauseImage = "docker.io/executorpool/pause:1"

// Files returns the content of every configuration file by its path.
func Files(l layout.Layout) map[string]string {
	files := map[string]string{
		l.Config("containerd.toml"):                    containerd(l),
		l.Config("registries/_default/hosts.toml"):     noRegistry,
		l.Config("cni/10-executorpool.conflist"):       cni(),
		l.Config("kubelet.yaml"):                       kubelet(l),
		l.Config("kube-proxy.yaml"):                    kubeProxy(l),
		l.Config("resolv.conf"):                        resolvConf,
		l.Config("Corefile"):                           corefile(l),
		l.Kubeconfig():                                 kubeconfig(l, "admin"),
		l.Config("kube-controller-manager.kubeconfig"): kubeconfig(l, "kube-controller-manager"),
		l.Config("kube-scheduler.kubeconfig"):          kubeconfig(l, "kube-scheduler"),
		l.Config("kubelet.kubeconfig"):                 kubeconfig(l, "kubelet"),
		l.Config("kube-proxy.kubeconfig"):              kubeconfig(l, "kube-proxy"),
		l.Config("dns.kubeconfig"):                     kubeconfig(l, "dns"),
	}
	maps.Copy(files, profiles(l))
	return files
}

// containerd returns the configuration of a containerd with a root, a state directory and a socket
// of its own. restrict_oom_score_adj is set because root in a container or a small virtual machine
// may lack CAP_SYS_RESOURCE. Without this capability no oom_score_adj below that of the runtime can
// be set, and no container would start.
func containerd(l layout.Layout) string {
	return fmt.Sprintf(`version = 2
root = %q
state = %q
oom_score = 0

[grpc]
  address = %q

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  max_container_log_line_size = 16384

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = %q

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = %q

  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`, l.Cluster("containerd"), layout.Containerd(), layout.ContainerdSocket(), PauseImage,
		l.Config("cni"), l.Config("registries"))
}

// noRegistry sends every pull to a port on which nothing listens. The cluster runs only images that
// were loaded into it. The pull of any other image fails at once and sends nothing to the network.
const noRegistry = `server = "http://127.0.0.1:1"
`

// cni returns the configuration that connects pods to the bridge. It does not masquerade: pods
// reach pods, Services and the node only.
func cni() string {
	return fmt.Sprintf(`{
  "cniVersion": "0.4.0",
  "name": "executorpool",
  "plugins": [
    {
      "type": "bridge",
      "bridge": %q,
      "isGateway": true,
      "ipMasq": false,
      "hairpinMode": true,
      "ipam": {
        "type": "host-local",
        "dataDir": %q,
        "ranges": [[{"subnet": %q, "rangeStart": "10.244.0.10", "gateway": %q}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`, layout.Bridge, layout.Runtime+"/addresses", layout.PodCIDR, layout.NodeIP)
}

// kubelet returns the configuration of the kubelet. It disables what the machine may not permit:
// QoS cgroups, the enforcement of node-allocatable and the accounting of local storage. The
// eviction thresholds are near zero. Images are never garbage-collected, because they cannot be
// pulled again.
func kubelet(l layout.Layout) string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: %[1]s
port: %[2]d
healthzBindAddress: 127.0.0.1
healthzPort: %[3]d
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %[4]q}
authorization: {mode: Webhook}
tlsCertFile: %[5]q
tlsPrivateKeyFile: %[6]q
containerRuntimeEndpoint: %[7]q
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
localStorageCapacityIsolation: false
oomScoreAdj: 0
clusterDomain: %[8]s
clusterDNS: [%[9]s]
resolvConf: %[10]q
podLogsDir: %[11]q
volumePluginDir: %[12]q
maxPods: 110
serializeImagePulls: false
imageGCHighThresholdPercent: 100
evictionHard:
  memory.available: 200Mi
  nodefs.available: 1%%
  nodefs.inodesFree: 1%%
  imagefs.available: 1%%
`, layout.NodeIP, layout.KubeletPort, layout.KubeletHealthPort, l.PKI("ca.crt"), l.PKI("server.crt"), l.PKI("server.key"),
		"unix://"+layout.ContainerdSocket(), layout.ClusterDomain, layout.DNSIP, l.Config("resolv.conf"),
		l.Cluster("pod-logs"), l.Cluster("volume-plugins"))
}

// resolvConf is the resolver configuration of pods with dnsPolicy Default and of the kubelet. It
// has no name server, because the cluster has none besides its own.
const resolvConf = "options ndots:1\n"

// kubeProxy returns the configuration of kube-proxy. It does not change the conntrack limits of the
// machine.
func kubeProxy(l layout.Layout) string {
	return fmt.Sprintf(`apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
bindAddress: 127.0.0.1
healthzBindAddress: 127.0.0.1:%d
metricsBindAddress: 127.0.0.1:%d
clientConnection: {kubeconfig: %q}
hostnameOverride: %s
mode: iptables
clusterCIDR: %s
oomScoreAdj: 0
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
`, layout.ProxyHealthPort, layout.ProxyMetricsPort, l.Config("kube-proxy.kubeconfig"), layout.NodeName, layout.PodCIDR)
}

func corefile(l layout.Layout) string {
	return fmt.Sprintf(`.:53 {
  bind %s
  errors
  ready 127.0.0.1:%d
  kubernetes %s in-addr.arpa {
    kubeconfig %s
    pods insecure
    ttl 5
  }
}
`, layout.DNSIP, layout.DNSHealthPort, layout.ClusterDomain, l.Config("dns.kubeconfig"))
}

func kubeconfig(l layout.Layout, user string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: executorpool-local
  cluster:
    server: https://%s:%d
    certificate-authority: %s
users:
- name: %s
  user:
    client-certificate: %s
    client-key: %s
contexts:
- name: executorpool-local
  context: {cluster: executorpool-local, user: %s}
current-context: executorpool-local
`, layout.NodeIP, layout.APIServerPort, l.PKI("ca.crt"), user, l.PKI(user+".crt"), l.PKI(user+".key"), user)
}
