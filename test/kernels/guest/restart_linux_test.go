//go:build kernels

package guest

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/onsi/gomega"
)

// fillCommand is the argument with which this program starts a child that uses up the memory of its
// control group.
const fillCommand = "fill-memory"

// fill starts a child that fills the memory, and waits for its end. The child has the argument
// twice.
func fill() {
	if len(os.Args) == 2 {
		_ = exec.Command("/proc/self/exe", fillCommand, fillCommand).Run()
		// Not reached if the kernel kills the whole group.
		fmt.Println("the parent survived its child")
		time.Sleep(time.Hour)
	}
	for all := [][]byte{}; ; {
		block := make([]byte, 1<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		all = append(all, block)
	}
}

// TestRestartsAreSeen proves that TestAttacks can fail: a container whose processes exceed its
// memory ends as a whole, and its restart is counted.
func TestRestartsAreSeen(t *testing.T) {
	c := &Container{Name: "fill", Memory: 64, Scratch: 1, Command: []string{RunDir + "/init", fillCommand}}
	start(t, c)
	gomega.NewWithT(t).Eventually(func() (seen Facts, err error) {
		err = c.Count(&seen)
		return seen, err
	}).WithTimeout(time.Duration(config.Slowness) * 10 * time.Second).Should(gomega.And(
		gomega.HaveField("Restarts", gomega.BeNumerically(">=", 1)),
		gomega.HaveField("GroupKills", gomega.BeNumerically(">=", 1))))
	log, err := os.ReadFile(c.Log())
	if err != nil || len(log) > 0 {
		t.Errorf("the container printed %q (%v), want that no process of it survived", log, err)
	}
}
