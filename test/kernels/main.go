package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"executorpool.dev/test/kernels/guest"
	"executorpool.dev/test/localcluster/host"
	"executorpool.dev/test/localcluster/image"
	"executorpool.dev/test/localcluster/step"
)

// kernels are the kernels that Debian serves and what an executor must prove on each.
var kernels = []kernel{
	{Release: "6.1", Suite: "bookworm", Tier: "RestrictedLegacy", Landlock: 2},
	{Release: "6.12", Suite: "trixie", Tier: "Restricted", Landlock: 6},
}

// kernel is a kernel of a Debian suite. Tier and Landlock are the tier and the Landlock ABI that it
// must have in a container without user namespaces.
type kernel struct {
	Release, Suite string
	Tier           string
	Landlock       int
}

// toolchainSuite is the Debian suite of the executor image.
const toolchainSuite = "bookworm"

type options struct {
	Kernel   []string      `default:"6.1,6.12" enum:"6.1,6.12" help:"Kernels to boot."`
	Run      string        `default:"." placeholder:"REGEXP" help:"Tests of the guest to run, as for go test -run: TestAttacks/^(spin|alloc)$."`
	Slowness int           `default:"20" help:"Factor by which the suite's own time limits are longer than on a machine without emulation."`
	CPUs     int           `name:"cpus" default:"2" help:"Processors of the guest."`
	Memory   int           `default:"3072" help:"Memory of the guest in MiB."`
	Accel    string        `default:"tcg,thread=multi" help:"Accelerator of qemu: kvm is faster where the machine offers it."`
	Timeout  time.Duration `default:"4h" help:"Limit for one kernel."`
	Mirror   string        `placeholder:"URL" help:"Debian mirror of kernels and toolchains. Default: that of this machine's apt."`
	Refresh  bool          `help:"Look for newer kernel packages than those in the cache."`
}

// packages are the programs that this command runs, and their Debian packages.
var packages = map[string]string{
	"/usr/bin/qemu-system-x86_64":                    "qemu-system-x86",
	"/usr/sbin/debootstrap":                          "debootstrap",
	"/usr/sbin/mke2fs":                               "e2fsprogs",
	"/usr/bin/xz":                                    "xz-utils",
	"/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}

func main() {
	var o options
	kong.Parse(&o, kong.Name("kernels"), kong.Description("Runs the attacks of test/attacks on older kernels, under qemu's software emulation."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "kernels:", err)
		stop()
		os.Exit(1)
	}
}

func (o options) run(ctx context.Context) error {
	cache := os.Getenv("EXECUTORPOOL_CACHE")
	if cache == "" || os.Geteuid() != 0 {
		return errors.New("run make kernels as root; it sets EXECUTORPOOL_CACHE, the directory of packages and disk images")
	}
	dir, err := filepath.Abs(filepath.Join(cache, "kernels"))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return fmt.Errorf("create the cache: %w", err)
	}
	progress := step.New(os.Stdout)
	if missing := host.Missing(packages); len(missing) > 0 {
		err := progress.Do("install "+strings.Join(missing, ", "), func() error {
			return host.Install(ctx, missing, filepath.Join(dir, "packages.log"))
		})
		if err != nil {
			return err
		}
	}
	if o.Mirror == "" {
		if o.Mirror, err = image.Mirror(ctx); err != nil {
			return fmt.Errorf("find a Debian mirror (flag --mirror): %w", err)
		}
	}
	var programs programs
	if err := progress.Do("build the executor and the guest", func() (err error) {
		programs, err = build(ctx, dir)
		return err
	}); err != nil {
		return err
	}
	var disk string
	if err := progress.Do("disk image with the toolchains", func() (err error) {
		disk, err = o.diskImage(ctx, dir)
		return err
	}); err != nil {
		return err
	}
	var table []summary
	for _, k := range kernels {
		if !slices.Contains(o.Kernel, k.Release) {
			continue
		}
		s, err := o.runKernel(ctx, progress, dir, k, programs, disk)
		if err != nil {
			s.problems = append(s.problems, err.Error())
		}
		table = append(table, s)
	}
	fmt.Print(render(table))
	if failed := failures(table); len(failed) > 0 {
		return fmt.Errorf("%d problems:\n%s", len(failed), strings.Join(failed, "\n"))
	}
	return nil
}

// runKernel boots one kernel and attacks the executor on it.
func (o options) runKernel(ctx context.Context, progress step.Printer, dir string, k kernel, p programs, disk string) (summary, error) {
	s := summary{kernel: k}
	var kernelFiles kernelImage
	if err := progress.Do("Debian's kernel "+k.Release, func() (err error) {
		kernelFiles, err = fetchKernel(ctx, filepath.Join(dir, k.Release), o.Mirror, k.Suite, o.Refresh)
		return err
	}); err != nil {
		return s, err
	}
	config := guest.Config{Tier: k.Tier, Landlock: k.Landlock, Slowness: o.Slowness, Run: o.Run, Timeout: o.Timeout}
	initramfs := filepath.Join(dir, k.Release, "initramfs")
	if err := writeInitramfs(initramfs, kernelFiles, p, config); err != nil {
		return s, err
	}
	progress.Note("boot %s and attack; log: %s", kernelFiles.version, filepath.Join(dir, k.Release))
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	began := time.Now()
	err := o.emulate(ctx, machine{
		kernel: kernelFiles.vmlinuz, initramfs: initramfs, disk: disk,
		console: filepath.Join(dir, k.Release, "console.log"), results: filepath.Join(dir, k.Release, "results.log"),
	}, func(line string) {
		if text := s.read(line); text != "" {
			progress.Note("[%5.0f s] %s: %s", time.Since(began).Seconds(), k.Release, text)
		}
	})
	s.took = time.Since(began)
	return s, errors.Join(err, s.check())
}
