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

// root is a root in the making. The working directory is its top as soon as it is made.
type root struct {
	config Config
	proc   string // where the process table is mounted
	places []place
	links  []link
}

// place is a mount that is not yet anywhere: a copy of what is at the path outside.
type place struct {
	path string
	tree int
	dir  bool
}

type link struct{ path, target string }

// gather copies mounts and remembers the symbolic links that lead to them, such as /lib. It comes before the new root, which
// hides the directory that can be written.
func (r *root) gather() error {
	reads, err := r.resolve(r.config.Read)
	if err != nil {
		return err
	}
	for _, path := range reads {
		// The process table is mounted afresh.
		if !under(path, "/proc") && !slices.ContainsFunc(r.places, func(p place) bool { return under(path, p.path) }) {
			if err := r.take(path, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV); err != nil {
				return err
			}
		}
	}
	devices, err := r.resolve(r.config.Devices)
	if err != nil {
		return err
	}
	for _, path := range devices {
		if err := r.take(path, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC); err != nil {
			return err
		}
	}
	return r.take(r.config.Write, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
}

// resolve follows symbolic links and gives what they lead to, sorted, so that a directory comes before what lies in it.
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

func under(path, top string) bool { return path == top || strings.HasPrefix(path, top+"/") }

func (r *root) take(path string, attributes uint64) error {
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
	r.places = append(r.places, place{path, tree, info.IsDir()})
	return nil
}

// make mounts the new root where a directory is known to be: over the one that can be written.
func (r *root) make() error {
	err := unix.Mount("tmpfs", r.config.Write, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=755,size=1m,nr_inodes=4096")
	if err != nil {
		return err
	}
	return unix.Chdir(r.config.Write)
}

// fill attaches the mounts, in the order of gather: the directory to write is the last and may lie in another.
func (r *root) fill() error {
	for _, p := range r.places {
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

// symlink makes the links that are not part of what was mounted, nor lie behind another link.
func (r *root) symlink() error {
	slices.SortFunc(r.links, func(a, b link) int { return strings.Compare(a.path, b.path) })
	for i, l := range r.links {
		if slices.ContainsFunc(r.places, func(p place) bool { return under(l.path, p.path) }) ||
			slices.ContainsFunc(r.links[:i], func(earlier link) bool { return under(l.path, earlier.path) }) {
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

// mountProc needs a whole process table to be mounted outside: where a container's runtime covers parts of it, as it does in
// pods, the kernel refuses (mount_too_revealing of Linux, fs/namespace.c).
func (r *root) mountProc() error {
	if err := os.MkdirAll(r.proc, 0o755); err != nil {
		return err
	}
	if !r.config.has(Processes) {
		return unix.Mount("/proc", r.proc, "", unix.MS_BIND|unix.MS_REC, "")
	}
	return unix.Mount("proc", r.proc, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
}

// forbidNesting takes from the namespace the right to have others below it, in which a process would have every capability
// and with it more of the kernel to attack.
func (r *root) forbidNesting() error {
	return os.WriteFile(filepath.Join(r.proc, "sys/user/max_user_namespaces"), []byte("0"), 0)
}

func makeReadOnly(path string) error {
	return unix.MountSetattr(unix.AT_FDCWD, path, 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
}
