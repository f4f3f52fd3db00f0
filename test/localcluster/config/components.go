package config

import (
	"fmt"
	"strconv"
	"time"

	"executorpool.dev/test/localcluster/layout"
	"executorpool.dev/test/localcluster/pki"
	"executorpool.dev/test/localcluster/process"
)

// Component is a program of the cluster and its health check.
type Component struct {
	process.Command
	// Health is a URL that answers 200 if the component is healthy. It is empty for a component with
	// another health check.
	Health string
	// Reads are the configuration files that the component reads only at its start.
	Reads []string
	// Grace is the maximum time for the component to end after SIGTERM.
	Grace time.Duration
}

// Certificates returns the certificates that the components need.
func Certificates() []pki.Certificate {
	hosts := []string{
		layout.NodeIP, layout.ServiceIP, "127.0.0.1", "localhost", layout.NodeName,
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + layout.ClusterDomain,
	}
	admins := []string{"system:masters"}
	return []pki.Certificate{
		{Name: "server", User: "server", Hosts: hosts},
		{Name: "admin", User: "admin", Groups: admins},
		{Name: "kubelet-client", User: "kube-apiserver", Groups: admins},
		{Name: "kube-controller-manager", User: "system:kube-controller-manager"},
		{Name: "kube-scheduler", User: "system:kube-scheduler"},
		{Name: "kubelet", User: "system:node:" + layout.NodeName, Groups: []string{"system:nodes"}},
		{Name: "kube-proxy", User: "system:kube-proxy"},
		{Name: "dns", User: "dns", Groups: admins},
	}
}

// Components returns the programs of the cluster in the order in which they start.
func Components(l layout.Layout) []Component {
	return []Component{
		etcd(l), apiServer(l), controllerManager(l), scheduler(l), runtime(l), node(l), proxy(l), dns(l),
	}
}

// The names of the components, which are also the names of their records and logs.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Runtime           = "containerd"
	Kubelet           = "kubelet"
	Proxy             = "kube-proxy"
	DNS               = "dns"
)

func component(l layout.Layout, name, health string, reads []string, argv ...string) Component {
	return Component{
		Command: process.Command{Name: name, Argv: argv, Log: l.Log(name)},
		Health:  health, Reads: reads, Grace: process.DefaultGrace,
	}
}

// etcd returns the etcd component. It does not wait for the disk (--unsafe-no-fsync): a test
// cluster may lose its last writes if the machine crashes.
func etcd(l layout.Layout) Component {
	client := fmt.Sprintf("http://127.0.0.1:%d", layout.EtcdPort)
	peer := fmt.Sprintf("http://127.0.0.1:%d", layout.EtcdPeerPort)
	return component(l, Etcd, client+"/health", nil, l.Bin("etcd"),
		"--name=local",
		"--data-dir="+l.Cluster("etcd"),
		"--listen-client-urls="+client,
		"--advertise-client-urls="+client,
		"--listen-peer-urls="+peer,
		"--initial-advertise-peer-urls="+peer,
		"--initial-cluster=local="+peer,
		"--unsafe-no-fsync",
		"--log-level=warn",
	)
}

func apiServer(l layout.Layout) Component {
	return component(l, APIServer,
		fmt.Sprintf("https://%s:%d/readyz", layout.NodeIP, layout.APIServerPort), nil,
		l.Bin(APIServer),
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", layout.EtcdPort),
		"--bind-address="+layout.NodeIP,
		"--advertise-address="+layout.NodeIP,
		"--secure-port="+strconv.Itoa(layout.APIServerPort),
		"--service-cluster-ip-range="+layout.ServiceCIDR,
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--client-ca-file="+l.PKI("ca.crt"),
		"--tls-cert-file="+l.PKI("server.crt"),
		"--tls-private-key-file="+l.PKI("server.key"),
		"--kubelet-certificate-authority="+l.PKI("ca.crt"),
		"--kubelet-client-certificate="+l.PKI("kubelet-client.crt"),
		"--kubelet-client-key="+l.PKI("kubelet-client.key"),
		// The API server reaches the node by its address, because no resolver knows the node's name.
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc."+layout.ClusterDomain,
		"--service-account-key-file="+l.PKI(pki.ServiceAccounts+".pub"),
		"--service-account-signing-key-file="+l.PKI(pki.ServiceAccounts+".key"),
		"--allow-privileged=true",
		// The default waits until other replicas of the API server no longer use this one. There are no
		// other replicas.
		"--shutdown-delay-duration=0s",
	)
}

func controllerManager(l layout.Layout) Component {
	kubeconfig := l.Config(ControllerManager + ".kubeconfig")
	return component(l, ControllerManager,
		fmt.Sprintf("https://127.0.0.1:%d/healthz", layout.ControllerManagerPort), []string{kubeconfig},
		l.Bin(ControllerManager),
		"--bind-address=127.0.0.1",
		"--secure-port="+strconv.Itoa(layout.ControllerManagerPort),
		"--tls-cert-file="+l.PKI("server.crt"),
		"--tls-private-key-file="+l.PKI("server.key"),
		"--kubeconfig="+kubeconfig,
		"--authentication-kubeconfig="+kubeconfig,
		"--authorization-kubeconfig="+kubeconfig,
		"--controllers=*",
		"--leader-elect=false",
		"--use-service-account-credentials=true",
		"--root-ca-file="+l.PKI("ca.crt"),
		"--service-account-private-key-file="+l.PKI(pki.ServiceAccounts+".key"),
		"--cluster-signing-cert-file="+l.PKI("ca.crt"),
		"--cluster-signing-key-file="+l.PKI("ca.key"),
	)
}

func scheduler(l layout.Layout) Component {
	kubeconfig := l.Config(Scheduler + ".kubeconfig")
	return component(l, Scheduler,
		fmt.Sprintf("https://127.0.0.1:%d/healthz", layout.SchedulerPort), []string{kubeconfig},
		l.Bin(Scheduler),
		"--bind-address=127.0.0.1",
		"--secure-port="+strconv.Itoa(layout.SchedulerPort),
		"--tls-cert-file="+l.PKI("server.crt"),
		"--tls-private-key-file="+l.PKI("server.key"),
		"--kubeconfig="+kubeconfig,
		"--authentication-kubeconfig="+kubeconfig,
		"--authorization-kubeconfig="+kubeconfig,
		"--leader-elect=false",
	)
}

func runtime(l layout.Layout) Component {
	config := l.Config("containerd.toml")
	return component(l, Runtime, "", []string{config}, "/usr/bin/containerd", "--config="+config, "--log-level=warn")
}

func node(l layout.Layout) Component {
	config := l.Config("kubelet.yaml")
	return component(l, Kubelet,
		fmt.Sprintf("http://127.0.0.1:%d/healthz", layout.KubeletHealthPort),
		[]string{config, l.Config("kubelet.kubeconfig")},
		l.Bin(Kubelet),
		"--config="+config,
		"--kubeconfig="+l.Config("kubelet.kubeconfig"),
		"--root-dir="+l.Cluster("kubelet"),
		"--hostname-override="+layout.NodeName,
		"--node-ip="+layout.NodeIP,
	)
}

func proxy(l layout.Layout) Component {
	config := l.Config("kube-proxy.yaml")
	return component(l, Proxy,
		fmt.Sprintf("http://127.0.0.1:%d/healthz", layout.ProxyHealthPort),
		[]string{config, l.Config("kube-proxy.kubeconfig")},
		l.Bin(Proxy), "--config="+config)
}

func dns(l layout.Layout) Component {
	config := l.Config("Corefile")
	return component(l, DNS,
		fmt.Sprintf("http://127.0.0.1:%d/ready", layout.DNSHealthPort),
		[]string{config, l.Config("dns.kubeconfig")},
		l.Bin("coredns"), "-conf", config)
}
