package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"executorpool.dev/executor/sandbox/procfs"
)

// Command is a program that Ensure keeps running.
type Command struct {
	// Name is the name of the record. It is unique in a table.
	Name string
	// Argv is the absolute path of the program and its arguments.
	Argv []string
	// Env are additions to the environment.
	Env []string
	// Log is the file to which the output is appended.
	Log string
	// Inputs identifies the content of all files that the program reads at its start. If it changes,
	// Ensure restarts the program.
	Inputs string
}

// Record identifies a started program.
type Record struct {
	Name       string   `json:"name"`
	PID        int      `json:"pid"`
	StartTicks uint64   `json:"startTicks"`
	BootID     string   `json:"bootID"`
	Argv       []string `json:"argv"`
	Inputs     string   `json:"inputs"`
	Log        string   `json:"log"`
}

// Table is a directory of records.
type Table struct{ Dir string }

// Ensure makes sure that the command runs as described, and reports whether it started the command.
// Before a start, when no process of the command runs any more, Ensure calls before; if that
// returns an error, Ensure returns it.
func (t Table) Ensure(c Command, before func() error) (bool, error) {
	if record, running := t.Running(c.Name); running {
		if slices.Equal(record.Argv, c.Argv) && record.Inputs == c.Inputs {
			return false, nil
		}
		if err := t.Stop(c.Name, DefaultGrace); err != nil {
			return false, err
		}
	}
	if err := t.stopOrphans(c); err != nil {
		return false, err
	}
	if err := before(); err != nil {
		return false, err
	}
	return true, t.start(c)
}

// stopOrphans ends the processes that run this command and have no record.
func (t Table) stopOrphans(c Command) error {
	pids, err := find(c.Argv)
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if err := t.record(c, pid); err != nil {
			return err
		}
		if err := t.Stop(c.Name, DefaultGrace); err != nil {
			return err
		}
	}
	return nil
}

func (t Table) start(c Command) error {
	if err := os.MkdirAll(filepath.Dir(c.Log), 0o755); err != nil {
		return fmt.Errorf("start %s: %w", c.Name, err)
	}
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("start %s: %w", c.Name, err)
	}
	defer log.Close()
	fmt.Fprintf(log, "--- %s starts at %s\n", c.Name, time.Now().Format(time.RFC3339))
	cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", c.Name, err)
	}
	if err := t.record(c, cmd.Process.Pid); err != nil {
		return errors.Join(err, cmd.Process.Kill())
	}
	// The child is reaped while this command runs. Otherwise a program that ends at once would stay a
	// zombie.
	go func() { _ = cmd.Wait() }()
	return nil
}

func (t Table) record(c Command, pid int) error {
	boot, err := procfs.BootID()
	if err != nil {
		return err
	}
	found, alive := readStat(pid)
	if !alive {
		return fmt.Errorf("%s ended at once; its log is %s", c.Name, c.Log)
	}
	content, err := json.MarshalIndent(Record{
		Name: c.Name, PID: pid, StartTicks: uint64(found.StartTicks), BootID: boot, Argv: c.Argv, Inputs: c.Inputs, Log: c.Log,
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("record %s: %w", c.Name, err)
	}
	if err := os.MkdirAll(t.Dir, 0o755); err != nil {
		return fmt.Errorf("record %s: %w", c.Name, err)
	}
	// The record is renamed into place, so that a reader never sees a partly written one.
	temporary := t.path(c.Name) + ".new"
	if err := os.WriteFile(temporary, content, 0o644); err != nil {
		return fmt.Errorf("record %s: %w", c.Name, err)
	}
	if err := os.Rename(temporary, t.path(c.Name)); err != nil {
		return fmt.Errorf("record %s: %w", c.Name, err)
	}
	return nil
}

// Running returns the record of the named program if the program runs. It returns false if the
// record cannot be read, is from another boot, or has a process id that now belongs to a process
// with another start time.
func (t Table) Running(name string) (Record, bool) {
	content, err := os.ReadFile(t.path(name))
	if err != nil {
		return Record{}, false
	}
	var record Record
	if json.Unmarshal(content, &record) != nil || record.PID <= 1 {
		return Record{}, false
	}
	return record, record.alive()
}

func (r Record) alive() bool {
	boot, err := procfs.BootID()
	if err != nil || boot != r.BootID {
		return false
	}
	found, alive := readStat(r.PID)
	return alive && uint64(found.StartTicks) == r.StartTicks
}

// Names returns the names of the recorded programs, whether they run or not.
func (t Table) Names() ([]string, error) {
	matches, err := filepath.Glob(filepath.Join(t.Dir, "*.json"))
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(matches))
	for _, match := range matches {
		base := filepath.Base(match)
		names = append(names, base[:len(base)-len(".json")])
	}
	return names, nil
}

func (t Table) forget(name string) error {
	if err := os.Remove(t.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget %s: %w", name, err)
	}
	return nil
}

func (t Table) path(name string) string { return filepath.Join(t.Dir, name+".json") }
