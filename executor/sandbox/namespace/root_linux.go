package namespace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// root is a new root directory under construction. It is the working directory once it is mounted.
type root struct {
	config Config
	proc   string // the mount point of the process table
	mounts []mount
	links  []link
}

// mount is a detached copy of the mount at path.
type mount struct {
	path string
	tree int
	dir  bool
}

type link struct{ path, target string }

// collectMounts copies the mounts and records the symbolic links that lead to them, such as /lib.
// It must come before make, which hides Config.Write.
func (r *root) collectMounts() error {
	reads, err := r.resolve(r.config.Read)
	if err != nil {
		return err
	}
	for _, path := range reads {
		// The process table gets a mount of its own.
		if !isBelow(path, "/proc") && !slices.ContainsFunc(r.mounts, func(p mount) bool { return isBelow(path, p.path) }) {
			if err := r.addMount(path, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV); err != nil {
				return err
			}
		}
	}
	devices, err := r.resolve(r.config.Devices)
	if err != nil {
		return err
	}
	for _, path := range devices {
		if err := r.addMount(path, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC); err != nil {
			return err
		}
	}
	return r.addMount(r.config.Write, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
}

// resolve returns the targets of paths after following symbolic links, sorted, so that a directory
// comes before its content.
func (r *root) resolve(paths []string) (resolved []string, err error) {
	for _, path := range slices.Sorted(slices.Values(paths)) {
		target, err := filepath.EvalSymlinks(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		resolved = append(resolved, target)
		if target != path {
			r.links = append(r.links, link{path, target})
		}
	}
	slices.Sort(resolved)
	return slices.Compact(resolved), nil
}

func isBelow(path, top string) bool { return path == top || strings.HasPrefix(path, top+"/") }

func (r *root) addMount(path string, attributes uint64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	tree, err := unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return fmt.Errorf("copy the mount of %s: %w", path, err)
	}
	if err := unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: attributes}); err != nil {
		return fmt.Errorf("restrict the mount of %s: %w", path, err)
	}
	r.mounts = append(r.mounts, mount{path, tree, info.IsDir()})
	return nil
}

// make mounts the new root over Config.Write, a directory that is known to exist.
func (r *root) make() error {
	err := unix.Mount("tmpfs", r.config.Write, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=755,size=1m,nr_inodes=4096")
	if err != nil {
		return err
	}
	return unix.Chdir(r.config.Write)
}

// fill attaches the mounts in the order of collectMounts: Config.Write is last and may lie in
// another mount.
func (r *root) fill() error {
	for _, p := range r.mounts {
		at := filepath.Join(".", p.path)
		if err := mountPoint(at, p.dir); err != nil {
			return err
		}
		if err := unix.MoveMount(p.tree, "", unix.AT_FDCWD, at, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
			return fmt.Errorf("mount %s: %w", p.path, err)
		}
		if err := unix.Close(p.tree); err != nil {
			return err
		}
	}
	return r.symlink()
}

// symlink creates the links that are neither part of a mount nor behind another link.
func (r *root) symlink() error {
	slices.SortFunc(r.links, func(a, b link) int { return strings.Compare(a.path, b.path) })
	for i, l := range r.links {
		if slices.ContainsFunc(r.mounts, func(p mount) bool { return isBelow(l.path, p.path) }) ||
			slices.ContainsFunc(r.links[:i], func(earlier link) bool { return isBelow(l.path, earlier.path) }) {
			continue
		}
		at := filepath.Join(".", l.path)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if err := os.Symlink(l.target, at); err != nil {
			return err
		}
	}
	return nil
}

func mountPoint(at string, dir bool) error {
	if dir {
		return os.MkdirAll(at, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(at, os.O_CREATE|os.O_RDONLY, 0o444)
	if err != nil {
		return err
	}
	return file.Close()
}

// mountProc mounts a process table. The kernel refuses a new one if parts of the outer one are
// covered, as container runtimes do in pods (mount_too_revealing in Linux, fs/namespace.c).
func (r *root) mountProc() error {
	if err := os.MkdirAll(r.proc, 0o755); err != nil {
		return err
	}
	if !r.config.has(Processes) {
		return unix.Mount("/proc", r.proc, "", unix.MS_BIND|unix.MS_REC, "")
	}
	return unix.Mount("proc", r.proc, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
}

// forbidNesting sets the number of further user namespaces to 0. In a nested one, a process would
// have every capability, and with it access to more of the kernel.
func (r *root) forbidNesting() error {
	return os.WriteFile(filepath.Join(r.proc, "sys/user/max_user_namespaces"), []byte("0"), 0)
}

func makeReadOnly(path string) error {
	return unix.MountSetattr(unix.AT_FDCWD, path, 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
}
