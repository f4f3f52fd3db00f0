package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"

	"executorpool.dev/test/localcluster/config"
	"executorpool.dev/test/localcluster/layout"
)

// ErrNotUp reports that the cluster, or a part of it, does not run.
var ErrNotUp = errors.New("the cluster is not up: run `go run ./test/localcluster up`")

// Status writes which components run and how to use the cluster. It returns ErrNotUp if a component
// does not run or the node is not ready.
func (c Cluster) Status(ctx context.Context, out io.Writer) error {
	if err := c.checkOwner(); err != nil {
		return err
	}
	up := true
	for _, component := range config.Components(c.Layout) {
		record, running := c.table().Running(component.Name)
		if !running {
			up = false
			fmt.Fprintf(out, "%-24s not running    log %s\n", component.Name, component.Log)
			continue
		}
		fmt.Fprintf(out, "%-24s process %-6d log %s\n", component.Name, record.PID, record.Log)
	}
	if !up {
		return ErrNotUp
	}
	node, err := c.Kubectl(ctx, "get", "nodes", "--output", "wide")
	if err != nil {
		return errors.Join(ErrNotUp, err)
	}
	fmt.Fprintf(out, "\n%s\n\n", node)
	if err := c.nodeReady(ctx); err != nil {
		return errors.Join(ErrNotUp, err)
	}
	fmt.Fprintf(out, "Use it:\n  export KUBECONFIG=%s\n  export PATH=%s:$PATH\n  kubectl get pods --all-namespaces\n", c.Layout.Kubeconfig(), c.builder().Bin)
	fmt.Fprintf(out, "Services (%s) and pods (%s) answer from this machine by their addresses. NetworkPolicies are stored, not enforced.\n",
		layout.ServiceCIDR, layout.PodCIDR)
	return nil
}
