package main

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/alecthomas/kong"
	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"

	"executorpool.dev/controllers/manager"
	"executorpool.dev/controllers/pool"
)

type flags struct {
	Version kong.VersionFlag `env:"-" help:"Print the version."`

	ExecutorImage string   `default:"executorpool/executor:${version}" help:"Image of pools whose spec names none. A change replaces the pods of all of them."`
	Namespaces    []string `placeholder:"A,B" help:"Namespaces to watch. Default: all. With namespaces, Roles in them replace the ClusterRole."`

	NodeCapacity bool `default:"true" negatable:"" help:"Report contests that today's nodes have no capacity for. Switch it off where an autoscaler adds nodes for any pod. It is off with --namespaces, because a Role cannot grant to list nodes."`

	PlaceholderPriorityClass string `placeholder:"NAME" help:"Create placeholders of this PriorityClass before the warm-up of a contest, so that an autoscaler adds nodes early. Default: no placeholders."`

	AllowedImages          []string `placeholder:"A,B" help:"Images that pools may name, as patterns: * matches all but a slash, as in registry.example.org/judge/*. --executor-image is always allowed. Default: any image."`
	AllowedPriorityClasses []string `placeholder:"A,B" help:"PriorityClasses that pools may name, as patterns. Default: any."`

	LeaderElect              bool          `default:"true" negatable:"" help:"Elect a leader: of several managers, only one is active."`
	LeaderElectionID         string        `name:"leader-election-id" default:"manager.executorpool.dev" help:"Name of the Lease."`
	LeaderElectionNamespace  string        `help:"Namespace of the Lease. Default: the pod's own."`
	LeaderElectLeaseDuration time.Duration `default:"15s" help:"Time after the last renewal until another manager takes the Lease."`
	LeaderElectRenewDeadline time.Duration `default:"10s" help:"Time in which the leader must renew the Lease, or else it stops; below the lease duration."`
	LeaderElectRetryPeriod   time.Duration `default:"2s" help:"Pause between attempts to take or renew the Lease; below the renew deadline."`

	MetricsBindAddress     string `default:":8443" help:"Address of /metrics, served over TLS to clients that the API server allows \"get\" on it; 0 is off."`
	MetricsCertPath        string `placeholder:"DIR" help:"Directory with tls.crt and tls.key for /metrics. Default: a self-signed certificate."`
	HealthProbeBindAddress string `default:":8081" help:"Address of /healthz and /readyz; 0 is off."`

	MaxConcurrentReconciles int           `default:"8" help:"Pools reconciled at one time; 1 to 1000."`
	KubeAPIQPS              float32       `name:"kube-api-qps" default:"50" help:"Requests per second to the API server."`
	KubeAPIBurst            int           `name:"kube-api-burst" default:"100" help:"Requests to the API server in one burst."`
	ShutdownTimeout         time.Duration `default:"10s" help:"Longest time after SIGTERM for reconciles in progress."`

	LogFormat string `default:"json" enum:"json,text" help:"json or text."`
	LogLevel  string `default:"info" enum:"debug,info,warn,error" help:"debug, info, warn or error."`
}

// check validates the flags beyond their types.
func (f flags) check() error {
	switch {
	case f.ExecutorImage == "":
		return fmt.Errorf("--executor-image must not be empty: name the image that pools run")
	case f.MaxConcurrentReconciles < 1 || f.MaxConcurrentReconciles > 1000:
		return fmt.Errorf("--max-concurrent-reconciles must be 1 to 1000, not %d", f.MaxConcurrentReconciles)
	case f.KubeAPIQPS <= 0 || f.KubeAPIBurst < 1:
		return fmt.Errorf("--kube-api-qps and --kube-api-burst must be above 0")
	case f.LeaderElectRenewDeadline >= f.LeaderElectLeaseDuration:
		return fmt.Errorf("--leader-elect-renew-deadline %v must be below --leader-elect-lease-duration %v", f.LeaderElectRenewDeadline, f.LeaderElectLeaseDuration)
	case f.LeaderElectRetryPeriod <= 0 || f.LeaderElectRetryPeriod*12/10 >= f.LeaderElectRenewDeadline:
		return fmt.Errorf("--leader-elect-retry-period %v must be above 0 and, with a fifth of jitter, below --leader-elect-renew-deadline %v", f.LeaderElectRetryPeriod, f.LeaderElectRenewDeadline)
	}
	if err := (pool.Allowed{Images: f.AllowedImages}).Check(); err != nil {
		return fmt.Errorf("--allowed-images: %w", err)
	}
	if err := (pool.Allowed{PriorityClasses: f.AllowedPriorityClasses}).Check(); err != nil {
		return fmt.Errorf("--allowed-priority-classes: %w", err)
	}
	for _, namespace := range f.Namespaces {
		if faults := validation.IsDNS1123Label(namespace); len(faults) > 0 {
			return fmt.Errorf("--namespaces: %q is not a namespace: %s", namespace, faults[0])
		}
	}
	return nil
}

func (f flags) config(cluster *rest.Config, log logr.Logger) manager.Config {
	return manager.Config{
		REST:             cluster,
		Log:              log,
		ExecutorImage:    f.ExecutorImage,
		Namespaces:       slices.Compact(slices.Sorted(slices.Values(f.Namespaces))),
		NodeCapacity:     f.NodeCapacity,
		PlaceholderClass: f.PlaceholderPriorityClass,
		Allowed:          pool.Allowed{Images: f.AllowedImages, PriorityClasses: f.AllowedPriorityClasses},
		Workers:          f.MaxConcurrentReconciles,
		LeaderElection: manager.LeaderElection{
			Enabled:   f.LeaderElect,
			ID:        f.LeaderElectionID,
			Namespace: f.LeaderElectionNamespace,
			Lease:     f.LeaderElectLeaseDuration,
			Renew:     f.LeaderElectRenewDeadline,
			Retry:     f.LeaderElectRetryPeriod,
		},
		MetricsAddress:  f.MetricsBindAddress,
		MetricsCertDir:  f.MetricsCertPath,
		ProbeAddress:    f.HealthProbeBindAddress,
		ShutdownTimeout: f.ShutdownTimeout,
	}
}

func (f flags) logHandler(to io.Writer) slog.Handler {
	var level slog.Level
	// The flag's enum contains only names that slog knows.
	_ = level.UnmarshalText([]byte(f.LogLevel))
	options := &slog.HandlerOptions{Level: level}
	if f.LogFormat == "text" {
		return slog.NewTextHandler(to, options)
	}
	return slog.NewJSONHandler(to, options)
}
