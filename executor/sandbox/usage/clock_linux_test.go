package usage

import (
	"os"
	"os/exec"
	"testing"
)

func TestClockStandsStillForSleepersOnly(t *testing.T) {
	sleeper := exec.Command("/bin/cat")
	stdin, err := sleeper.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := sleeper.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	// cat has echoed the byte, and blocks in its next read.
	echo := func() {
		t.Helper()
		if _, err := stdin.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := stdout.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	echo()
	before := settled(t, sleeper.Process.Pid)
	if after := settled(t, sleeper.Process.Pid); after != before {
		t.Errorf("the clock of a sleeping process went from %d to %d ns", before, after)
	}
	echo()
	if after := settled(t, sleeper.Process.Pid); after <= before {
		t.Errorf("the clock of a process that worked stayed at %d ns", after)
	}
	stdin.Close()
	if err := sleeper.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, ok := CPUTime([]int{sleeper.Process.Pid}); ok {
		t.Error("a process that is gone has a clock")
	}
	if _, ok := CPUTime(nil); ok {
		t.Error("no processes have a clock")
	}
	if _, ok := CPUTime([]int{os.Getpid()}); !ok {
		t.Error("this process has no clock")
	}
}

// settled reads the clock until two readings agree: the process may still be about to block in its
// read.
func settled(t *testing.T, pid int) int64 {
	t.Helper()
	last := int64(-1)
	for {
		now, ok := CPUTime([]int{pid})
		if !ok {
			t.Fatal("the process is gone")
		}
		if int64(now) == last {
			return last
		}
		last = int64(now)
	}
}
