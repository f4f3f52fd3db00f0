package cluster

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"executorpool.dev/test/localcluster/config"
	"executorpool.dev/test/localcluster/layout"
)

const (
	// healthTimeout is the maximum time for a component to become healthy. The API server takes 30 s
	// on a cold, busy machine.
	healthTimeout = 3 * time.Minute
	// pollInterval is the time between two health checks.
	pollInterval = 200 * time.Millisecond
)

// poll calls ask every pollInterval until it returns nil. It returns an error if the time is over
// or if stop returns one.
func poll(ctx context.Context, within time.Duration, ask func(context.Context) error, stop func() error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		if reason := stop(); reason != nil {
			return reason
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not after %s: %w", within, err)
		case <-ticker.C:
		}
	}
}

// healthy waits until the component is healthy. It returns an error at once if the process of the
// component has ended.
func (c Cluster) healthy(ctx context.Context, component config.Component) error {
	ask := func(ctx context.Context) error { return c.Runtime().Ping(ctx) }
	if component.Health != "" {
		client, err := c.client()
		if err != nil {
			return err
		}
		ask = func(ctx context.Context) error { return get(ctx, client, component.Health) }
	}
	err := poll(ctx, healthTimeout, ask, func() error {
		if _, running := c.table().Running(component.Name); running {
			return nil
		}
		return fmt.Errorf("%s ended", component.Name)
	})
	if err != nil {
		return fmt.Errorf("%w\nthe end of its log, %s:\n%s\nafter a fix, run up again; down removes the cluster",
			err, component.Log, lastLines(component.Log, 8))
	}
	return nil
}

func (c Cluster) client() (*http.Client, error) {
	authority, err := os.ReadFile(c.Layout.PKI("ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("read the certificate authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("no certificate in %s: run down, then up", c.Layout.PKI("ca.crt"))
	}
	const answerWithin = 5 * time.Second
	// The client uses no proxy, because a proxy cannot reach the loopback addresses of this machine.
	return &http.Client{
		Timeout:   answerWithin,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true},
	}, nil
}

func get(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, answer.Status)
	}
	return nil
}

// waitForNode waits until pods can be created and run.
func (c Cluster) waitForNode(ctx context.Context) error {
	return poll(ctx, healthTimeout, c.nodeReady, func() error { return nil })
}

// nodeReady returns nil if the node is Ready and without its initial taint, and if the service
// account of the default namespace exists.
func (c Cluster) nodeReady(ctx context.Context) error {
	node, err := c.Kubectl(ctx, "get", "node", layout.NodeName, "--output",
		`jsonpath={.status.conditions[?(@.type=="Ready")].status}:{.status.conditions[?(@.type=="Ready")].message}:{.spec.taints[*].key}`)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(node, "True:") || !strings.HasSuffix(node, ":") {
		return fmt.Errorf("the node is not ready (%s); the kubelet's log is %s", node, c.Layout.Log(config.Kubelet))
	}
	_, err = c.Kubectl(ctx, "get", "serviceaccount", "default", "--output", "name")
	return err
}

// Kubectl runs kubectl with the kubeconfig of the cluster's admin and returns its output.
func (c Cluster) Kubectl(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.Layout.Bin("kubectl"), append([]string{"--kubeconfig", c.Layout.Kubeconfig()}, args...)...)
	var output strings.Builder
	cmd.Stderr = &output
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(output.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// portsFree returns an error if another program uses a port of the component.
func portsFree(name string) error {
	for _, address := range ports(name) {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return fmt.Errorf("%s cannot listen on %s: %w; see who does: ss -ltnp 'sport = :%s'",
				name, address, err, address[strings.LastIndexByte(address, ':')+1:])
		}
		listener.Close()
	}
	return nil
}

func ports(name string) []string {
	loopback := func(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }
	node := func(port int) string { return layout.NodeIP + ":" + strconv.Itoa(port) }
	return map[string][]string{
		config.Etcd:              {loopback(layout.EtcdPort), loopback(layout.EtcdPeerPort)},
		config.APIServer:         {node(layout.APIServerPort)},
		config.ControllerManager: {loopback(layout.ControllerManagerPort)},
		config.Scheduler:         {loopback(layout.SchedulerPort)},
		config.Kubelet:           {node(layout.KubeletPort), loopback(layout.KubeletHealthPort)},
		config.Proxy:             {loopback(layout.ProxyHealthPort), loopback(layout.ProxyMetricsPort)},
		config.DNS:               {layout.DNSIP + ":53", loopback(layout.DNSHealthPort)},
	}[name]
}

// digest returns a digest of the contents of the files.
func digest(paths []string) (string, error) {
	sum := sha256.New()
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("digest %s: %w", path, err)
		}
		fmt.Fprintln(sum, path, len(content))
		sum.Write(content)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func lastLines(path string, count int) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
