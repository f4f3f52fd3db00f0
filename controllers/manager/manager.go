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

// Config is the configuration of a manager.
type Config struct {
	// REST is the configuration of the client of the API server.
	REST *rest.Config
	Log  logr.Logger
	// ExecutorImage is the image of pools whose spec names none.
	ExecutorImage string
	// Namespaces are the watched namespaces; empty means all.
	Namespaces []string
	// NodeCapacity makes contests report that the current nodes cannot hold their replicas. It
	// needs the permission to list nodes and the pods of all namespaces, and is off with
	// Namespaces.
	NodeCapacity bool
	// PlaceholderClass is the PriorityClass of placeholders; empty means no placeholders.
	PlaceholderClass string
	// Allowed bounds the images and priority classes of pools.
	Allowed pool.Allowed
	// Workers is the number of pools that are reconciled at one time.
	Workers int

	LeaderElection LeaderElection

	// MetricsAddress is the address of /metrics, over TLS and with authorization by the API server;
	// "0" is off.
	MetricsAddress string
	// MetricsCertDir is the directory of tls.crt and tls.key; empty means a self-signed
	// certificate.
	MetricsCertDir string
	// ProbeAddress is the address of /healthz and /readyz; "0" is off.
	ProbeAddress string
	// ShutdownTimeout is the longest time for running reconciles to end.
	ShutdownTimeout time.Duration

	// Dial opens connections to executors and Prometheus servers; nil means net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// LeaderElection is the configuration of leader election.
type LeaderElection struct {
	Enabled bool
	// ID and Namespace name the Lease. An empty namespace means that of the pod.
	ID, Namespace string
	// Lease, Renew and Retry are the lease duration, the renew deadline and the retry period of
	// client-go's leader election.
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
	if err := checkKinds(mgr); err != nil {
		return err
	}
	if err := setUp(ctx, mgr, c); err != nil {
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

// checkKinds returns an error when the cluster lacks a CustomResourceDefinition.
func checkKinds(mgr ctrl.Manager) error {
	for _, kind := range []string{"ExecutorPool", "Contest"} {
		if _, err := mgr.GetRESTMapper().RESTMapping(v1alpha1.GroupVersion.WithKind(kind).GroupKind(), v1alpha1.GroupVersion.Version); err != nil {
			if meta.IsNoMatchError(err) {
				return fmt.Errorf("the cluster has no kind %s: install the chart's CRDs or `kubectl apply --server-side -k config/crd`: %w", kind, err)
			}
			return fmt.Errorf("discover the kinds of the API server: %w", err)
		}
	}
	return nil
}

// setUp adds the controllers and what runs beside them to the manager.
func setUp(ctx context.Context, mgr ctrl.Manager, c Config) error {
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
		Allowed:          c.Allowed,
	})
	if err := pools.SetupWithManager(mgr); err != nil {
		return err
	}
	contestReconciler := &contests.Reconciler{
		Client:   mgr.GetClient(),
		Live:     mgr.GetAPIReader(),
		Events:   mgr.GetEventRecorder(resources.FieldOwner),
		Poller:   pools.Poller,
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
	return contestReconciler.SetupWithManager(ctx, mgr)
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
				// HTTP/2 has no use here, and its stream resets have been a denial-of-service
				// attack.
				t.NextProtos = []string{"http/1.1"}
			}},
		},
		Controller: config.Controller{
			MaxConcurrentReconciles: c.Workers,
			// A standby fills its caches, so that it takes over without a list of the cluster.
			EnableWarmup: new(true),
			// Tests run several managers in one process.
			SkipNameValidation: new(true),
		},
	}
}
