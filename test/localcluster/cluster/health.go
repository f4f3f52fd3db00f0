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
	// patience is how long a component may take to work; a cold, busy machine takes half a minute for the API server.
	patience = 3 * time.Minute
	// askEvery is how often it is asked.
	askEvery = 200 * time.Millisecond
)

// poll asks until the answer is nil, the time is over, or stop has something against going on.
func poll(ctx context.Context, within time.Duration, ask func(context.Context) error, stop func() error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	ticker := time.NewTicker(askEvery)
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

// healthy waits until the component works; it gives up at once when its process has ended.
func (c Cluster) healthy(ctx context.Context, component config.Component) error {
	ask := func(ctx context.Context) error { return c.Runtime().Ping(ctx) }
	if component.Health != "" {
		client, err := c.client()
		if err != nil {
			return err
		}
		ask = func(ctx context.Context) error { return get(ctx, client, component.Health) }
	}
	err := poll(ctx, patience, ask, func() error {
		if _, running := c.table().Running(component.Name); running {
			return nil
		}
		return fmt.Errorf("%s ended", component.Name)
	})
	if err != nil {
		return fmt.Errorf("%w\nthe end of its log, %s:\n%s\nonce mended, run up again; down starts from nothing",
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
	// No proxy: the machine's, if any, cannot reach its loopback.
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
	return poll(ctx, patience, c.nodeReady, func() error { return nil })
}

// nodeReady returns nil once the node is Ready and has lost the taint it was born with, and the default namespace's
// service account is there.
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

// Kubectl runs kubectl as the cluster's admin.
func (c Cluster) Kubectl(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.Layout.Bin("kubectl"), append([]string{"--kubeconfig", c.Layout.Kubeconfig()}, args...)...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// portsFree fails when a port the component is about to listen on is somebody else's.
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

// digest sums files' contents.
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
