package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// resultsPort is the device of the second serial port.
const resultsPort = "/dev/ttyS1"

// RunInit boots the guest, runs this program again as a test, and ends the guest. It is the work of
// the first process.
func RunInit() error {
	err := Boot()
	if err != nil {
		fmt.Fprintln(os.Stderr, "boot:", err)
		return errors.Join(err, PowerOff())
	}
	results, err := os.OpenFile(resultsPort, os.O_WRONLY|unix.O_NOCTTY, 0)
	if err != nil {
		return errors.Join(err, PowerOff())
	}
	if err := runTests(results); err != nil {
		fmt.Fprintf(results, "%s%v\n", NoteMark, err)
	} else {
		fmt.Fprintln(results, EndMark)
	}
	return PowerOff()
}

// runTests runs the tests and reaps the processes whose parents have ended. A test that fails is
// not an error: its output reports it.
func runTests(results *os.File) error {
	config, err := ReadConfig()
	if err != nil {
		return err
	}
	program := filepath.Join(RunDir, "init")
	tests, err := os.StartProcess(program, []string{program, "-test.v", "-test.run=" + config.Run, "-test.timeout=" + config.Timeout.String()}, &os.ProcAttr{
		Dir:   RunDir,
		Env:   []string{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/tmp", fmt.Sprintf("EXECUTORPOOL_SLOWNESS=%d", config.Slowness)},
		Files: []*os.File{nil, results, results},
	})
	if err != nil {
		return err
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		if pid != tests.Pid {
			continue
		}
		if status.Exited() && status.ExitStatus() <= 1 {
			return nil
		}
		return fmt.Errorf("the tests ended with status %d, signal %v", status.ExitStatus(), status.Signal())
	}
}
