package namespace

import (
	"errors"
	"fmt"
	"os"

	"executorpool.dev/executor/sandbox/capability"
)

// Check returns an error that says what is missing if Main did not create this process. It guards
// against use in the wrong process; the probe proves what the namespaces are worth.
func Check() error {
	if pid := os.Getpid(); pid != 1 {
		return fmt.Errorf("the process is number %d of its pid namespace, not the first", pid)
	}
	dropped, err := capability.Dropped()
	if err == nil && !dropped {
		err = errors.New("the process has not given up its capabilities for good")
	}
	return err
}
