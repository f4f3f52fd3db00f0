package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// stat is what a record needs of /proc/PID/stat.
type stat struct {
	state      string
	parent     int
	startTicks uint64
}

// parseStat reads proc(5)'s stat line. The second field is the program's name in parentheses, and may itself hold
// blanks and parentheses, so fields are counted from the last one.
func parseStat(line string) (stat, error) {
	end := strings.LastIndexByte(line, ')')
	if end < 0 {
		return stat{}, errors.New("no program name")
	}
	fields := strings.Fields(line[end+1:])
	const stateField, parentField, startField = 0, 1, 19
	if len(fields) <= startField {
		return stat{}, fmt.Errorf("%d fields after the program name, want more than %d", len(fields), startField)
	}
	parent, err := strconv.Atoi(fields[parentField])
	if err != nil {
		return stat{}, fmt.Errorf("parent: %w", err)
	}
	start, err := strconv.ParseUint(fields[startField], 10, 64)
	if err != nil {
		return stat{}, fmt.Errorf("start time: %w", err)
	}
	return stat{state: fields[stateField], parent: parent, startTicks: start}, nil
}

// readStat reports whether the process exists and is no zombie.
func readStat(pid int) (stat, bool) {
	line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, false
	}
	parsed, err := parseStat(string(line))
	if err != nil || parsed.state == "Z" || parsed.state == "X" {
		return stat{}, false
	}
	return parsed, true
}

func bootID() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read the boot id: %w", err)
	}
	return strings.TrimSpace(string(id)), nil
}

// Each calls visit with the id and arguments of every process that has arguments.
func Each(visit func(pid int, argv []string)) error {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return fmt.Errorf("list processes: %w", err)
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		line, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		if err != nil || len(line) == 0 {
			continue // gone meanwhile, or a kernel thread
		}
		visit(pid, strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00"))
	}
	return nil
}

// find returns the processes that run exactly argv.
func find(argv []string) ([]int, error) {
	var found []int
	err := Each(func(pid int, have []string) {
		if slices.Equal(argv, have) {
			found = append(found, pid)
		}
	})
	return found, err
}
