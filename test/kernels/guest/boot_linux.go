package guest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// RunDir is the directory of the guest's own files.
const RunDir = "/run/kernels"

// disk is the device of the disk image, and deviceTime the time that its driver has to find it.
const (
	disk       = "/dev/vda"
	deviceTime = time.Minute
	newRoot    = "/root"
)

// Boot makes the disk image the root, mounts what a Debian system mounts, and moves the files of
// the initramfs to RunDir. It must run in the first process.
func Boot() error {
	if err := mount("devtmpfs", "/dev", "devtmpfs", 0, ""); err != nil {
		return err
	}
	if err := loadModules(); err != nil {
		return err
	}
	if err := waitFor(disk, deviceTime); err != nil {
		return err
	}
	if err := mount(disk, newRoot, "ext4", unix.MS_RDONLY, ""); err != nil {
		return err
	}
	if err := mountFileSystems(newRoot); err != nil {
		return err
	}
	if err := os.Mkdir(newRoot+RunDir, 0o755); err != nil {
		return err
	}
	for _, file := range []string{ConfigFile, ExecutorFile, LanguagesFile, "/init"} {
		if err := move(file, newRoot+RunDir+file); err != nil {
			return err
		}
	}
	// The initramfs cannot be unmounted. Debian's switch_root moves the new root over it, too.
	if err := os.Chdir(newRoot); err != nil {
		return err
	}
	if err := mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return err
	}
	if err := errors.Join(unix.Chroot("."), os.Chdir("/")); err != nil {
		return fmt.Errorf("enter the new root: %w", err)
	}
	return upLoopback()
}

func mountFileSystems(root string) error {
	for _, m := range []struct {
		kind, path string
		flags      uintptr
		options    string
	}{
		{"devtmpfs", "/dev", unix.MS_NOSUID, ""},
		{"tmpfs", "/run", unix.MS_NOSUID | unix.MS_NODEV, "mode=0755"},
		{"tmpfs", "/tmp", unix.MS_NOSUID | unix.MS_NODEV, "mode=1777"},
		{"proc", "/proc", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
		{"sysfs", "/sys", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
		{"securityfs", "/sys/kernel/security", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
		{"cgroup2", cgroupRoot, unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
	} {
		if err := mount(m.kind, root+m.path, m.kind, m.flags, m.options); err != nil {
			return err
		}
	}
	for _, dir := range []string{"/dev/shm", "/dev/mqueue"} {
		if err := os.MkdirAll(root+dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

func mount(source, target, kind string, flags uintptr, options string) error {
	if err := unix.Mount(source, target, kind, flags, options); err != nil {
		return fmt.Errorf("mount %s at %s: %w", source, target, err)
	}
	return nil
}

func loadModules() error {
	for i := 0; ; i++ {
		content, err := os.ReadFile(ModulePath(i))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := unix.InitModule(content, ""); err != nil {
			return fmt.Errorf("load driver %d: %w", i, err)
		}
	}
}

// waitFor waits until the kernel has created the device file.
func waitFor(device string, limit time.Duration) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); <-tick.C {
		if _, err := os.Stat(device); err == nil {
			return nil
		}
	}
	return fmt.Errorf("no %s after %s", device, limit)
}

// move copies a file and removes the original, which is in memory.
func move(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close(), os.Remove(from))
}

func upLoopback() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return os.NewSyscallError("ioctl SIOCSIFFLAGS", unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request))
}

// ReadConfig reads the configuration after Boot.
func ReadConfig() (Config, error) {
	var config Config
	content, err := os.ReadFile(filepath.Join(RunDir, ConfigFile))
	if err == nil {
		err = json.Unmarshal(content, &config)
	}
	return config, err
}

// PowerOff ends the guest.
func PowerOff() error {
	syscall.Sync()
	return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}
