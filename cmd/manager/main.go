// Command manager makes a Kubernetes cluster match its ExecutorPools.
//
// The exit code is 0 after SIGTERM, 1 after a failure, and 2 for invalid flags.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"executorpool.dev/controllers/manager"
)

// version is set by the build.
var version = "dev"

const description = `Makes a Kubernetes cluster match its ExecutorPools: Deployments, Services and their other objects.

In a pod it uses the pod's service account, elsewhere the cluster of $KUBECONFIG. Each flag has an environment variable:
--executor-image has EXECUTORPOOL_EXECUTOR_IMAGE.`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	var f flags
	parser := kong.Must(&f, kong.Name("manager"), kong.Description(description), kong.Vars{"version": version},
		kong.DefaultEnvars("EXECUTORPOOL"), kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}))
	_, err := parser.Parse(args)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "manager: %v (see manager --help)\n", err)
		return 2
	}

	handler := f.logHandler(os.Stderr)
	log := logr.FromSlogHandler(handler)
	ctrl.SetLogger(log)
	klog.SetLogger(log)
	slog.SetDefault(slog.New(handler))

	cluster, err := ctrl.GetConfig()
	if err != nil {
		fmt.Fprintf(os.Stderr, "manager: no cluster: %v. Run it in a pod, or set KUBECONFIG.\n", err)
		return 1
	}
	cluster.QPS, cluster.Burst = f.KubeAPIQPS, f.KubeAPIBurst
	cluster.UserAgent = "executorpool-manager/" + version

	slog.Info("starting", "version", version, "executorImage", f.ExecutorImage, "namespaces", f.Namespaces)
	if err := manager.Run(ctx, f.config(cluster, log)); err != nil {
		slog.Error("manager failed", "error", err.Error())
		return 1
	}
	slog.Info("stopped")
	return 0
}
