package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"executorpool.dev/api/v1alpha1"
)

// managerUser is the user name of the manager. The API server audits only requests of this user.
const managerUser = "manager"

const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  users: [` + managerUser + `]
- level: None
`

// plane is a control plane without nodes.
type plane struct {
	environment *envtest.Environment
	controllers *exec.Cmd
	config      *rest.Config
	admin       client.Client
	// kubeconfig is the path of the manager's kubeconfig.
	kubeconfig string
	audit      *audit
}

func startPlane(ctx context.Context, work string) (*plane, error) {
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		return nil, errors.New("KUBEBUILDER_ASSETS is not set: use `make scale`")
	}
	p := &plane{audit: &audit{path: filepath.Join(work, "audit.log")}}
	policy := filepath.Join(work, "policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return nil, fmt.Errorf("write the audit policy: %w", err)
	}
	p.environment = &envtest.Environment{
		CRDDirectoryPaths:        []string{filepath.Join("config", "crd", "bases")},
		ErrorIfCRDPathMissing:    true,
		ControlPlaneStartTimeout: time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
	}
	p.environment.ControlPlane.GetAPIServer().Configure().
		// The default network has capacity for 254 Services.
		Set("service-cluster-ip-range", "10.0.0.0/16").
		Set("audit-policy-file", policy).
		Set("audit-log-path", p.audit.path)
	var err error
	if p.config, err = p.environment.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the API server (run this from the repository's root): %w", err), p.environment.Stop())
	}
	if err := p.prepare(ctx, work, assets); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

func (p *plane) prepare(ctx context.Context, work, assets string) error {
	p.config.QPS, p.config.Burst = 2000, 2000
	scheme := runtime.NewScheme()
	err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme))
	if err != nil {
		return fmt.Errorf("build scheme: %w", err)
	}
	if p.admin, err = client.New(p.config, client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("create a client: %w", err)
	}
	if p.kubeconfig, err = p.user(work, managerUser); err != nil {
		return err
	}
	kubeconfig, err := p.user(work, "system:kube-controller-manager")
	if err != nil {
		return err
	}
	// The controllers whose writes the manager reads.
	p.controllers = exec.CommandContext(ctx, filepath.Join(assets, "kube-controller-manager"),
		"--kubeconfig="+kubeconfig, "--leader-elect=false", "--secure-port=0",
		"--controllers=deployment-controller,replicaset-controller,disruption-controller",
		"--kube-api-qps=2000", "--kube-api-burst=2000")
	log, err := os.Create(filepath.Join(work, "kube-controller-manager.log"))
	if err != nil {
		return fmt.Errorf("create the log: %w", err)
	}
	defer log.Close()
	p.controllers.Stdout, p.controllers.Stderr = log, log
	if err := p.controllers.Start(); err != nil {
		return fmt.Errorf("start kube-controller-manager (use `make scale`, which builds it): %w", err)
	}
	return nil
}

// user creates a user with all rights and returns the path of its kubeconfig.
func (p *plane) user(work, name string) (string, error) {
	added, err := p.environment.AddUser(envtest.User{Name: name, Groups: []string{"system:masters"}}, nil)
	if err != nil {
		return "", fmt.Errorf("add user %s: %w", name, err)
	}
	content, err := added.KubeConfig()
	if err != nil {
		return "", fmt.Errorf("make the kubeconfig of %s: %w", name, err)
	}
	path := filepath.Join(work, name+".kubeconfig")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return "", fmt.Errorf("write the kubeconfig of %s: %w", name, err)
	}
	return path, nil
}

func (p *plane) stop() error {
	if p.controllers != nil && p.controllers.Process != nil {
		_ = p.controllers.Process.Kill()
		_ = p.controllers.Wait()
	}
	if err := p.environment.Stop(); err != nil {
		return fmt.Errorf("stop the API server: %w", err)
	}
	return nil
}
