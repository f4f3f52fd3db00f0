// Package binary builds the cluster's programs from the modules that pin them, each in a folder of its own beside this
// one, into the cache's bin folder. A program is built again only when its module, its build flags or the Go release
// has changed: a stamp beside it says what it was built from.
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

// Set is a module and programs of it.
type Set struct {
	// Title names the set to people.
	Title string
	// Module is the folder's name under test/localcluster.
	Module string
	// Packages are import paths by the name of the program built from each.
	Packages map[string]string
	// LinkFlags are given to the linker.
	LinkFlags string
}

const stripped = "-s -w"

// Control plane, node and tools of Kubernetes.
var (
	// Assets are the programs that tests against an API server alone need.
	Assets = []Set{etcd, kubernetes("Kubernetes' API server and kubectl", "kube-apiserver", "kubectl")}
	// Controllers are what makes pods of Deployments, for tests with no more than that.
	Controllers = []Set{kubernetes("Kubernetes' controllers", "kube-controller-manager")}
	// All are the programs of the whole cluster.
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

// KubernetesVersion is what the programs call themselves; a test holds it to the version that the module requires.
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

// Builder builds from Source, the folder test/localcluster, into Bin. Build logs go to Log.
type Builder struct{ Source, Bin, Log string }

// Lock keeps other commands from building into the same folder until the returned function is called.
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

// Missing returns the names of the set's programs that must be built, and the stamp they will have.
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

// Build builds the named programs of the set. It runs at low priority: minutes of compiling must not starve the machine.
func (b Builder) Build(ctx context.Context, set Set, names []string, stamp string) error {
	// Into a folder beside, then renamed: the program in place may be running, and half of one must never be.
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
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if mkErr := os.MkdirAll(filepath.Dir(b.Log), 0o755); mkErr == nil {
		_ = os.WriteFile(b.Log, said.Bytes(), 0o644)
	}
	if err != nil {
		return fmt.Errorf("go build %s: %w; the compiler's words are in %s (modules come through GOPROXY: go env GOPROXY)\n%s",
			pkg, err, b.Log, tail(said.String(), 10))
	}
	return nil
}

// stamp is a digest of all that decides what is built.
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
