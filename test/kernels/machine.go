package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// machine is one boot of a kernel: its files, and the logs of its two serial ports.
type machine struct {
	kernel, initramfs, disk string
	console, results        string
}

// emulate boots the machine and calls read for each line of the second serial port, until the
// machine ends.
func (o options) emulate(ctx context.Context, m machine, read func(line string)) error {
	results, err := os.Create(m.results)
	if err != nil {
		return err
	}
	defer results.Close()
	qemu := exec.CommandContext(ctx, "qemu-system-x86_64",
		"-accel", o.Accel, "-cpu", "max", "-smp", strconv.Itoa(o.CPUs), "-m", strconv.Itoa(o.Memory),
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-nic", "none",
		"-kernel", m.kernel, "-initrd", m.initramfs,
		"-append", "console=ttyS0 panic=-1 loglevel=4 random.trust_cpu=on mitigations=off",
		"-drive", "if=virtio,format=raw,readonly=on,file="+m.disk,
		"-serial", "file:"+m.console, "-serial", "stdio")
	qemu.Cancel = func() error { return qemu.Process.Signal(syscall.SIGTERM) }
	// The emulator must not outlive this program, whatever ends it.
	qemu.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var errors strings.Builder
	qemu.Stderr = &errors
	out, err := qemu.StdoutPipe()
	if err != nil {
		return err
	}
	if err := qemu.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(io.TeeReader(out, results))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		read(strings.TrimRight(lines.Text(), "\r"))
	}
	if err := qemu.Wait(); err != nil {
		return fmt.Errorf("qemu: %w: %s; see %s and %s", err, errors.String(), m.console, m.results)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the results: %w", err)
	}
	return nil
}
