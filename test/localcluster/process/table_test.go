package process

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func allowed() error { return nil }

// sleeper returns a program that runs until it is stopped. The marker makes its argument list
// unique to the test.
func sleeper(t *testing.T, marker string) Command {
	t.Helper()
	dir := t.TempDir()
	return Command{
		Name: "sleeper", Argv: []string{"/bin/sh", "-c", "while :; do sleep 1; done", filepath.Join(dir, marker)},
		Log: filepath.Join(dir, "sleeper.log"), Inputs: "1",
	}
}

func newTable(t *testing.T, commands ...Command) Table {
	t.Helper()
	table := Table{Dir: filepath.Join(t.TempDir(), "records")}
	t.Cleanup(func() {
		for _, command := range commands {
			if err := table.StopAll(command, time.Second); err != nil {
				t.Error(err)
			}
		}
	})
	return table
}

func ensure(t *testing.T, table Table, command Command) (started bool, record Record) {
	t.Helper()
	started, err := table.Ensure(command, allowed)
	if err != nil {
		t.Fatal(err)
	}
	record, running := table.Running(command.Name)
	if !running {
		t.Fatalf("%s does not run after Ensure", command.Name)
	}
	return started, record
}

func TestEnsureKeepsWhatRuns(t *testing.T) {
	command := sleeper(t, "keep")
	table := newTable(t, command)
	started, first := ensure(t, table, command)
	if !started {
		t.Error("the first Ensure started nothing")
	}
	started, second := ensure(t, table, command)
	if started {
		t.Error("the second Ensure started the command again")
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("record changed (-first +second):\n%s", diff)
	}
}

func TestEnsureRestartsOnChange(t *testing.T) {
	for name, change := range map[string]func(*Command){
		"inputs":    func(c *Command) { c.Inputs = "2" },
		"arguments": func(c *Command) { c.Argv = append(c.Argv[:len(c.Argv):len(c.Argv)], "more") },
	} {
		t.Run(name, func(t *testing.T) {
			command := sleeper(t, "change")
			changed := command
			change(&changed)
			table := newTable(t, command, changed)
			_, before := ensure(t, table, command)
			_, after := ensure(t, table, changed)
			if before.PID == after.PID {
				t.Error("the changed command still runs in the old process")
			}
			if before.alive() {
				t.Errorf("the old process %d still runs", before.PID)
			}
		})
	}
}

func TestEnsureReplacesUnrecorded(t *testing.T) {
	command := sleeper(t, "orphan")
	table := newTable(t, command)
	_, lost := ensure(t, table, command)
	if err := os.Remove(table.path(command.Name)); err != nil {
		t.Fatal(err)
	}
	_, found := ensure(t, table, command)
	if lost.alive() {
		t.Errorf("the process without a record, %d, still runs beside %d", lost.PID, found.PID)
	}
}

func TestRunningDoubtsRecords(t *testing.T) {
	command := sleeper(t, "doubt")
	table := newTable(t, command)
	_, record := ensure(t, table, command)
	for name, change := range map[string]func(*Record){
		"recycled process id": func(r *Record) { r.StartTicks++ },
		"another boot":        func(r *Record) { r.BootID = "00000000-0000-0000-0000-000000000000" },
	} {
		t.Run(name, func(t *testing.T) {
			doubtful := record
			change(&doubtful)
			if doubtful.alive() {
				t.Error("the record is taken for the running process's")
			}
		})
	}
	t.Run("half a record", func(t *testing.T) {
		if err := os.WriteFile(table.path("half"), []byte(`{"pid": 1`), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, running := table.Running("half"); running {
			t.Error("half a record is taken for one")
		}
		if err := table.Stop("half", 0); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

func TestStopKillsTheStubborn(t *testing.T) {
	command := sleeper(t, "stubborn")
	command.Argv[2] = "trap '' TERM; echo ready; " + command.Argv[2]
	table := newTable(t, command)
	_, record := ensure(t, table, command)
	if err := table.Stop(command.Name, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if record.alive() {
		t.Errorf("process %d survived", record.PID)
	}
	if err := table.Stop(command.Name, time.Second); err != nil {
		t.Errorf("second stop: %v", err)
	}
}
