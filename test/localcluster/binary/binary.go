package binary

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Set is a Go module and the programs that are built from it.
type Set struct {
	// Title is the name of the set in progress messages.
	Title string
	// Module is the name of the module's directory under test/localcluster.
	Module string
	// Packages maps the name of each program to the import path of its main package.
	Packages map[string]string
	// LinkFlags are the flags for the linker (go build -ldflags).
	LinkFlags string
}

const stripped = "-s -w"

// The sets of programs, for the callers of Build.
var (
	// Assets are the programs for tests that need only an API server.
	Assets = []Set{etcd, kubernetes("Kubernetes' API server and kubectl", "kube-apiserver", "kubectl")}
	// Controllers is the kube-controller-manager, for tests that need controllers but no node.
	Controllers = []Set{kubernetes("Kubernetes' controllers", "kube-controller-manager")}
	// All are the programs of the complete cluster.
	All = []Set{
		etcd,
		kubernetes("Kubernetes", "kube-apiserver", "kubectl", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"),
		dns,
	}
	etcd = Set{
		Title: "etcd", Module: "etcd", LinkFlags: stripped,
		Packages: map[string]string{"etcd": "go.etcd.io/etcd/server/v3"},
	}
	dns = Set{
		Title: "CoreDNS", Module: "dns", LinkFlags: stripped,
		Packages: map[string]string{"coredns": "."},
	}
)

// KubernetesVersion is the version that the programs report. A test compares it with the version
// that the module requires.
const KubernetesVersion = "v1.37.2"

func kubernetes(title string, names ...string) Set {
	const version = "k8s.io/component-base/version"
	numbers := strings.Split(strings.TrimPrefix(KubernetesVersion, "v"), ".")
	packages := map[string]string{}
	for _, name := range names {
		packages[name] = "k8s.io/kubernetes/cmd/" + name
	}
	return Set{
		Title: title + " " + KubernetesVersion, Module: "kubernetes", Packages: packages,
		LinkFlags: fmt.Sprintf("%s -X %[2]s.gitVersion=%[3]s -X %[2]s.gitMajor=%[4]s -X %[2]s.gitMinor=%[5]s -X %[2]s.gitTreeState=clean",
			stripped, version, KubernetesVersion, numbers[0], numbers[1]),
	}
}

// Builder builds the modules in Source, the directory test/localcluster, into Bin. The output of a
// failed build is written to Log.
type Builder struct{ Source, Bin, Log string }

// Lock takes the lock of the directory Bin, so that no other command builds into it. It waits until
// the lock is free. The caller must call the returned function to release it.
func (b Builder) Lock() (func(), error) {
	if err := os.MkdirAll(b.Bin, 0o755); err != nil {
		return nil, fmt.Errorf("make %s: %w", b.Bin, err)
	}
	file, err := os.OpenFile(filepath.Join(b.Bin, ".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", b.Bin, err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", b.Bin, err)
	}
	return func() { file.Close() }, nil
}

// Missing returns the names of the programs of the set that must be built, and the stamp that they
// get.
func (b Builder) Missing(set Set) (names []string, stamp string, err error) {
	stamp, err = b.stamp(set)
	if err != nil {
		return nil, "", err
	}
	for name := range set.Packages {
		have, _ := os.ReadFile(b.stampFile(name))
		if _, err := os.Stat(filepath.Join(b.Bin, name)); err != nil || string(have) != stamp {
			names = append(names, name)
		}
	}
	return names, stamp, nil
}

// Build builds the named programs of the set. The compiler runs at low priority, because a build
// takes minutes and other programs of the machine need the CPU.
func (b Builder) Build(ctx context.Context, set Set, names []string, stamp string) error {
	// A program is built in a temporary directory and renamed into place, so that a program that runs
	// is not overwritten and no partly written program is ever visible.
	temporary, err := os.MkdirTemp(b.Bin, ".build-")
	if err != nil {
		return fmt.Errorf("build %s: %w", set.Title, err)
	}
	defer os.RemoveAll(temporary)
	for _, name := range names {
		if err := b.build(ctx, set, filepath.Join(temporary, name), set.Packages[name]); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(temporary, name), filepath.Join(b.Bin, name)); err != nil {
			return fmt.Errorf("install %s: %w", name, err)
		}
		if err := os.WriteFile(b.stampFile(name), []byte(stamp), 0o644); err != nil {
			return fmt.Errorf("stamp %s: %w", name, err)
		}
	}
	return nil
}

func (b Builder) build(ctx context.Context, set Set, output, pkg string) error {
	cmd := exec.CommandContext(ctx, "nice", "-n", "5", "go", "build", "-ldflags", set.LinkFlags, "-o", output, pkg)
	cmd.Dir = filepath.Join(b.Source, set.Module)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly -buildvcs=false")
	var messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &messages, &messages
	err := cmd.Run()
	if mkErr := os.MkdirAll(filepath.Dir(b.Log), 0o755); mkErr == nil {
		_ = os.WriteFile(b.Log, messages.Bytes(), 0o644)
	}
	if err != nil {
		return fmt.Errorf("go build %s: %w; the compiler's output is in %s (modules come through GOPROXY: go env GOPROXY)\n%s",
			pkg, err, b.Log, tail(messages.String(), 10))
	}
	return nil
}

// stamp returns a digest of everything that determines the build of the set.
func (b Builder) stamp(set Set) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), runtime.GOARCH, set.LinkFlags)
	dir := filepath.Join(b.Source, set.Module)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("read the module of %s: %w", set.Title, err)
	}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return "", fmt.Errorf("read the module of %s: %w", set.Title, err)
		}
		fmt.Fprintln(sum, entry.Name(), len(content))
		sum.Write(content)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (b Builder) stampFile(name string) string { return filepath.Join(b.Bin, "."+name+".stamp") }

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
