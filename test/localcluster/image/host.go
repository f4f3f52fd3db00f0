package image

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// host describes what a build needs from this machine to reach its package sources, and the Go
// caches that it shares.
type host struct {
	// folder is the directory of the files that the build mounts.
	folder string
	// mirror is the URL of the Debian mirror.
	mirror string
	// goRoot, goModules and goCache are the Go installation, its module cache and its build cache.
	// With these caches a build in an image is as fast as a build on the machine with the same flags.
	// Both caches permit concurrent writers.
	goRoot, goModules, goCache string
	// certificates is the path of the machine's bundle of CA certificates. It is empty if there is
	// none.
	certificates string
}

// describeHost reads the configuration of apt and Go and writes it into files in folder.
func describeHost(ctx context.Context, folder string) (host, error) {
	h := host{folder: folder}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return host{}, fmt.Errorf("describe the machine: %w", err)
	}
	var sources string
	var err error
	if h.mirror, sources, err = aptSources(ctx); err != nil {
		return host{}, err
	}
	aptConfig, err := output(ctx, "apt-config", "dump", "--format", "%F \"%v\";%n", "Acquire")
	if err != nil {
		return host{}, err
	}
	goEnv, err := output(ctx, "go", "env", "-json")
	if err != nil {
		return host{}, err
	}
	var values map[string]string
	if err := json.Unmarshal([]byte(goEnv), &values); err != nil {
		return host{}, fmt.Errorf("read go env: %w", err)
	}
	h.goRoot, h.goModules, h.goCache = values["GOROOT"], values["GOMODCACHE"], values["GOCACHE"]
	for _, cache := range []string{h.goModules, h.goCache} {
		if err := os.MkdirAll(cache, 0o755); err != nil {
			return host{}, fmt.Errorf("make Go's caches: %w", err)
		}
	}
	var goFile strings.Builder
	for _, name := range []string{"GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GONOPROXY"} {
		fmt.Fprintf(&goFile, "%s=%s\n", name, values[name])
	}
	for _, file := range []string{os.Getenv("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt"} {
		if _, err := os.Stat(file); file != "" && err == nil {
			h.certificates = file
			break
		}
	}
	for name, content := range map[string]string{"sources.list": sources, "apt.conf": network(aptConfig), "go.env": goFile.String()} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			return host{}, fmt.Errorf("describe the machine: %w", err)
		}
	}
	return h, nil
}

// mounts returns the mounts for the commands of a build. The certificates are mounted at a path
// that Go reads and that no Debian package uses.
func (h host) mounts() []string {
	mounts := []string{
		h.goRoot + ":/usr/local/go:ro",
		h.goModules + ":/go/pkg/mod",
		h.goCache + ":/root/.cache/go-build",
		filepath.Join(h.folder, "go.env") + ":/root/.config/go/env:ro",
		filepath.Join(h.folder, "sources.list") + ":/etc/apt/sources.list:ro",
		filepath.Join(h.folder, "apt.conf") + ":/etc/apt/apt.conf.d/90host:ro",
	}
	if h.certificates != "" {
		mounts = append(mounts, h.certificates+":/etc/pki/tls/cacert.pem:ro")
	}
	return mounts
}

// Mirror returns the URL of the Debian mirror in the configuration of this machine's apt.
func Mirror(ctx context.Context) (string, error) {
	mirror, _, err := aptSources(ctx)
	return mirror, err
}

// aptSources returns the mirror of this machine's apt and a sources.list for the suite.
func aptSources(ctx context.Context) (mirror, list string, err error) {
	targets, err := output(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
	if err != nil {
		return "", "", err
	}
	return sourcesList(targets)
}

// sourcesList converts the index targets of apt, one per line as "repository release component",
// into a sources.list for the suite. It also returns the mirror of the suite itself.
func sourcesList(targets string) (mirror, list string, err error) {
	var lines []string
	for line := range strings.Lines(targets) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[2] != "main" || !strings.HasPrefix(fields[1], suite) {
			continue
		}
		if fields[1] == suite {
			mirror = fields[0]
		}
		if entry := "deb " + strings.Join(fields, " "); !slices.Contains(lines, entry) {
			lines = append(lines, entry)
		}
	}
	if mirror == "" {
		return "", "", fmt.Errorf("apt knows no source of Debian %s: add one to /etc/apt, or use a machine with a Docker engine", suite)
	}
	return mirror, strings.Join(lines, "\n") + "\n", nil
}

// network returns those settings of apt that concern connections: proxies and certificates.
func network(settings string) string {
	var kept strings.Builder
	for line := range strings.Lines(settings) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if value == `"";` {
			continue
		}
		if strings.HasPrefix(name, "Acquire::http::") || strings.HasPrefix(name, "Acquire::https::") {
			kept.WriteString(name + " " + value + "\n")
		}
	}
	return kept.String()
}

// bootstrap makes a minimal Debian root file system without package lists, caches and logs.
func bootstrap(ctx context.Context, tools programs, h host, root string) error {
	if err := os.RemoveAll(root); err != nil {
		return fmt.Errorf("clear %s: %w", root, err)
	}
	if err := tools.run(ctx, nil, "debootstrap", "--variant=minbase", suite, root, h.mirror); err != nil {
		return fmt.Errorf("make the base image: %w", err)
	}
	for _, pattern := range []string{
		"var/lib/apt/lists/*", "var/cache/apt/*", "var/cache/ldconfig/*", "var/log/*", "var/lib/dpkg/*-old",
		"usr/share/doc/*", "usr/share/man/*", "usr/share/info/*", "usr/share/locale/*", "etc/resolv.conf", "etc/hostname",
	} {
		matches, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return err
		}
		for _, match := range matches {
			if err := os.RemoveAll(match); err != nil {
				return fmt.Errorf("trim the base image: %w", err)
			}
		}
	}
	// The image does not keep the mirror, which is a setting of this machine.
	return os.WriteFile(filepath.Join(root, "etc/apt/sources.list"), nil, 0o644)
}

func output(ctx context.Context, argv ...string) (string, error) {
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", strings.Join(argv[:2], " "), err)
	}
	return strings.TrimRight(string(out), "\n"), nil
}
