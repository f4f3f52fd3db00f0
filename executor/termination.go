package executor

import (
	"encoding/json"
	"os"
)

// TerminationLog is the file that the kubelet reads when the container has ended. The
// kubelet copies it to the pod's status as the termination message.
const TerminationLog = "/dev/termination-log"

// writeTerminationMessage writes the final totals to file, because nothing serves GET /v1/totals
// after the end of the process. It does nothing if the file does not exist, as is the case outside
// of a pod.
func (e *executor) writeTerminationMessage(file string) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	if err := json.NewEncoder(f).Encode(e.server.Totals()); err != nil {
		e.log.Warn("the termination message could not be written", "file", file, "error", err)
	}
}
