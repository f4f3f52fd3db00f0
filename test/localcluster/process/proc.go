package process

import (
	"slices"

	"executorpool.dev/executor/sandbox/procfs"
)

// readStat returns the state of the process. It returns false if the process is gone or a zombie.
func readStat(pid int) (procfs.Stat, bool) {
	stat, err := procfs.ReadStat(pid)
	return stat, err == nil && stat.State != 'Z' && stat.State != 'X'
}

// Visit calls visit with the id and the arguments of every process that has arguments.
func Visit(visit func(pid int, argv []string)) error {
	pids, err := procfs.Processes()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		argv, err := procfs.Arguments(pid)
		if err != nil || len(argv) == 0 {
			continue // the process has ended or is a kernel thread
		}
		visit(pid, argv)
	}
	return nil
}

// find returns the ids of the processes whose argument list is exactly argv.
func find(argv []string) ([]int, error) {
	var found []int
	err := Visit(func(pid int, have []string) {
		if slices.Equal(argv, have) {
			found = append(found, pid)
		}
	})
	return found, err
}
