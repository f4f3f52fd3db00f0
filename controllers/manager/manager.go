package manager

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/go-logr/logr"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/canary"
	"executorpool.dev/controllers/contests"
	"executorpool.dev/controllers/pool"
	"executorpool.dev/controllers/recording"
	"executorpool.dev/controllers/resources"
	"executorpool.dev/controllers/sampling"
)

// Config is all that a manager is told.
type Config struct {
	// REST is the way to the API server.
	REST *rest.Config
	Log  logr.Logger
	// ExecutorImage is what pools run that name none.
	ExecutorImage string
	// Namespaces to watch; none means all.
	Namespaces []string
	// NodeCapacity has contests told that today's nodes have no room for them. It takes the right to list nodes, and pods of
	// all namespaces; a manager that watches only some does without.
	NodeCapacity bool
	// PlaceholderClass is the priority class of pods that hold places for a contest's replicas ahead of its warm-up; empty
	// when none do.
	PlaceholderClass string
	// Workers is how many pools are reconciled at one time.
	Workers int

	LeaderElection LeaderElection

	// MetricsAddress serves /metrics over TLS to those the API server lets; "0" is off.
	MetricsAddress string
	// MetricsCertDir holds tls.crt and tls.key; empty means a self-signed certificate.
	MetricsCertDir string
	// ProbeAddress serves /healthz and /readyz; "0" is off.
	ProbeAddress string
	// ShutdownTimeout bounds how long reconciles in progress may take to end.
	ShutdownTimeout time.Duration

	// Dial opens connections to executors and Prometheus servers; nil means the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// LeaderElection lets one of several managers act.
type LeaderElection struct {
	Enabled bool
	// ID and Namespace name the Lease. An empty namespace is the manager's own.
	ID, Namespace string
	// Lease is how long the others wait before they take a lease that is not renewed, Renew how long the leader tries
	// to renew before it gives up, Retry the pause between tries.
	Lease, Renew, Retry time.Duration
}

// Run runs the controllers until ctx ends.
func Run(ctx context.Context, c Config) error {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return fmt.Errorf("build scheme: %w", err)
	}
	mgr, err := ctrl.NewManager(c.REST, options(c, scheme))
	if err != nil {
		return fmt.Errorf("create manager: %w", err)
	}
	for _, kind := range []string{"ExecutorPool", "Contest"} {
		if _, err := mgr.GetRESTMapper().RESTMapping(v1alpha1.GroupVersion.WithKind(kind).GroupKind(), v1alpha1.GroupVersion.Version); err != nil {
			if meta.IsNoMatchError(err) {
				return fmt.Errorf("the cluster does not know %s: install the chart's CRDs or `kubectl apply --server-side -k config/crd`: %w", kind, err)
			}
			return fmt.Errorf("ask the API server for its kinds: %w", err)
		}
	}
	external, err := sampling.NewExternal(c.REST)
	if err != nil {
		return err
	}
	pools := pool.New(pool.Config{
		Client:  mgr.GetClient(),
		Live:    mgr.GetAPIReader(),
		Events:  mgr.GetEventRecorder(resources.FieldOwner),
		Sampler: sampling.New(resources.Port, c.Dial),
		Sources: pool.Sources{Prometheus: sampling.NewPrometheus(c.Dial), External: external},
		Clock:   clock.RealClock{},
		Image:   c.ExecutorImage,

		PlaceholderClass: c.PlaceholderClass,
	})
	if err := pools.SetupWithManager(mgr); err != nil {
		return err
	}
	contestReconciler := &contests.Reconciler{
		Client:   mgr.GetClient(),
		Live:     mgr.GetAPIReader(),
		Events:   mgr.GetEventRecorder(resources.FieldOwner),
		Sampler:  pools.Sampler,
		Recorder: &recording.Recorder{Client: mgr.GetClient(), Sampler: pools.Sampler, Clock: clock.RealClock{}},
		Prover:   canary.New(resources.Port, c.Dial, clock.RealClock{}),
		Clock:    clock.RealClock{},
		Image:    c.ExecutorImage,
	}
	if c.NodeCapacity && len(c.Namespaces) == 0 {
		contestReconciler.NodeCapacity = &contests.NodeCapacity{Live: mgr.GetAPIReader(), Clock: clock.RealClock{}}
	}
	if err := mgr.Add(contestReconciler.Prover); err != nil {
		return fmt.Errorf("add canary prover: %w", err)
	}
	if err := contestReconciler.SetupWithManager(ctx, mgr); err != nil {
		return err
	}
	if err := errors.Join(mgr.AddHealthzCheck("ping", healthz.Ping), mgr.AddReadyzCheck("ping", healthz.Ping)); err != nil {
		return fmt.Errorf("add probes: %w", err)
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("run manager: %w", err)
	}
	return nil
}

func options(c Config, scheme *runtime.Scheme) ctrl.Options {
	return ctrl.Options{
		Scheme:                        scheme,
		Logger:                        c.Log,
		Cache:                         pool.CacheOptions(c.Namespaces),
		LeaderElection:                c.LeaderElection.Enabled,
		LeaderElectionID:              c.LeaderElection.ID,
		LeaderElectionNamespace:       c.LeaderElection.Namespace,
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 &c.LeaderElection.Lease,
		RenewDeadline:                 &c.LeaderElection.Renew,
		RetryPeriod:                   &c.LeaderElection.Retry,
		HealthProbeBindAddress:        c.ProbeAddress,
		GracefulShutdownTimeout:       &c.ShutdownTimeout,
		Metrics: metricsserver.Options{
			BindAddress:    c.MetricsAddress,
			SecureServing:  true,
			FilterProvider: filters.WithAuthenticationAndAuthorization,
			CertDir:        c.MetricsCertDir,
			TLSOpts: []func(*tls.Config){func(t *tls.Config) {
				t.MinVersion = tls.VersionTLS12
				// Nothing here needs HTTP/2, and its stream resets have been a way to exhaust servers.
				t.NextProtos = []string{"http/1.1"}
			}},
		},
		Controller: config.Controller{
			MaxConcurrentReconciles: c.Workers,
			// A standby keeps its caches warm, so that it takes over without listing the cluster first.
			EnableWarmup: new(true),
			// Several managers may run in one process; there is one controller, so its name needs no guard.
			SkipNameValidation: new(true),
		},
	}
}
