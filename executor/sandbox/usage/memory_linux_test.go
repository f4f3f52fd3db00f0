package usage

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMemoryOfThisProcess(t *testing.T) {
	m, ok := Memory(os.Getpid())
	if !ok || m.Resident < 1<<20 || m.Anonymous < 256<<10 || m.PageTables < 4<<10 || m.Anonymous > m.Resident {
		t.Errorf("memory %+v, %v", m, ok)
	}
	exact := ExactMemory(os.Getpid(), nil)
	if exact < m.Anonymous/2 || exact > 2*(m.Resident+m.PageTables) {
		t.Errorf("exact memory %d, counters %+v", exact, m)
	}
	if _, ok := Memory(1 << 22); ok {
		t.Error("a process that does not exist has memory")
	}
}

// TestMemoryBehindEndedThread starts a program whose first thread ends while another one holds
// memory.
func TestMemoryBehindEndedThread(t *testing.T) {
	cmd, _ := startProgram(t, `#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
static void *hold(void *x) {
	memset(malloc(64 << 20), 1, 64 << 20);
	usleep(50000); // the first thread ends meanwhile
	puts("holding");
	fflush(stdout);
	for (;;) pause();
}
int main(void) { pthread_t t; pthread_create(&t, 0, hold, 0); syscall(SYS_exit, 0); }`)
	if m, ok := Memory(cmd.Process.Pid); !ok || m.Anonymous < 64<<20 {
		t.Errorf("memory %+v, %v; want 64 MiB", m, ok)
	}
	if exact := ExactMemory(cmd.Process.Pid, nil); exact < 64<<20 {
		t.Errorf("exact memory %d, want 64 MiB", exact)
	}
	if n := Descriptors(cmd.Process.Pid); n < 3 {
		t.Errorf("%d descriptors, want those of stdin, stdout and stderr", n)
	}
}

// TestVforkChildHasNoMemoryOfItsOwn compares a vfork child with a child that copies its parent.
func TestVforkChildHasNoMemoryOfItsOwn(t *testing.T) {
	for _, tc := range []struct {
		call   string
		shares bool
	}{{"vfork", true}, {"fork", false}} {
		cmd, line := startProgram(t, `#include <stdio.h>
#include <unistd.h>
int main(void) {
	int child = `+tc.call+`();
	if (!child) {
		char text[32];
		write(1, text, sprintf(text, "%d\n", getpid()));
		for (;;) pause();
	}
	for (;;) pause();
}`)
		child := 0
		for _, c := range strings.TrimSpace(line) {
			child = 10*child + int(c-'0')
		}
		members := []int{cmd.Process.Pid, child}
		if got := sharesParentMemory(child, members); got != tc.shares {
			t.Errorf("%s: the child shares the memory of its parent: %v, want %v", tc.call, got, tc.shares)
		}
		if HasExecuted(child) || !HasExecuted(cmd.Process.Pid) {
			t.Errorf("%s: the child has executed a program: %v; its parent: %v", tc.call, HasExecuted(child), HasExecuted(cmd.Process.Pid))
		}
		if sharesParentMemory(cmd.Process.Pid, members) {
			t.Errorf("%s: the parent shares the memory of its parent", tc.call)
		}
		if err := unix.Kill(child, unix.SIGKILL); err != nil {
			t.Error(err)
		}
	}
}

func TestUnlinkedProgramCounts(t *testing.T) {
	cmd, _ := startProgram(t, `#include <stdio.h>
#include <unistd.h>
static char big[1 << 20] = {1};
int main(void) { puts("started"); fflush(stdout); for (;;) pause(); return big[5]; }`)
	pids := []int{cmd.Process.Pid}
	if n := UnlinkedBytes(pids); n != 0 {
		t.Errorf("%d bytes count while the program has a name", n)
	}
	if err := os.Remove(cmd.Path); err != nil {
		t.Fatal(err)
	}
	if n := UnlinkedBytes(pids); n < 1<<20 {
		t.Errorf("%d bytes count, want those of the program", n)
	}
}

func TestMapsDeletedFile(t *testing.T) {
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(8192); err != nil {
		t.Fatal(err)
	}
	mapped, err := unix.Mmap(int(file.Fd()), 0, 8192, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	if MapsDeletedFile(os.Getpid(), dir) {
		t.Error("a mapped file with a name counts as deleted")
	}
	if err := os.Remove(file.Name()); err != nil {
		t.Fatal(err)
	}
	if !MapsDeletedFile(os.Getpid(), dir) {
		t.Error("a mapped file without a name is not found")
	}
	if MapsDeletedFile(os.Getpid(), dir+"-another") {
		t.Error("a file of another directory counts")
	}
	if err := unix.Munmap(mapped); err != nil {
		t.Fatal(err)
	}
	if MapsDeletedFile(os.Getpid(), dir) {
		t.Error("a file that is not mapped any more counts")
	}
}

// startProgram compiles and starts a C program and returns its first line. The program ends with
// the test.
func startProgram(t *testing.T, source string) (*exec.Cmd, string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	compile := exec.Command("gcc", "-w", "-pthread", "-o", program, "-x", "c", "-")
	compile.Stdin = strings.NewReader(source)
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(program)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return cmd, line
}
