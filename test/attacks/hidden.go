package attacks

import (
	_ "embed"

	"executorpool.dev/executor/api"
)

// hidden is a C program that attacks in the way that its first argument names.
//
//go:embed testdata/hidden.c
var hidden string

// HiddenAttacks returns the attacks that use what no process shows: memory of the kernel and of
// processes whose first thread has ended, CPU time that nobody is charged, files without a name. It
// also returns their honest neighbors, which must not be taken for attacks.
func HiddenAttacks() []Attack {
	var all []Attack
	add := func(verdict api.Verdict, cause, stdout string, l limits, needsContainer bool, names ...string) {
		for _, name := range names {
			l.MemoryMiB, l.OutputKiB = memoryMiB, 16
			if l.CPUMillis == 0 {
				l.CPUMillis = 3000
			}
			if l.WallMillis == 0 {
				l.WallMillis = 8000
			}
			if l.Processes == 0 {
				l.Processes = processes
			}
			all = append(all, Attack{Name: name, Verdict: verdict, Cause: cause, Stdout: stdout, NeedsContainer: needsContainer,
				Request: api.Request{Language: "c", Source: paced(hidden), Args: []string{name}, Limits: l}})
		}
	}
	add(api.MemoryLimit, "memory limit", "", limits{}, false, "page-tables", "page-tables-shared", "dead-leader", "dead-leader-child",
		"dead-leaders", "lock-and-fill", "forged-vfork")
	// Processor time of many processes passes quickly on many cores.
	add(api.MemoryLimit, "memory limit", "", limits{Processes: 64, CPUMillis: 10000}, true, "sockets", "packets", "mappings")
	add(api.TimeLimit, "cpu limit", "", limits{CPUMillis: shortCPU}, false, "lost-children", "lost-short-children", "lost-no-wait",
		"lost-grandchildren", "lost-pairs")
	add(api.TimeLimit, "wall limit", "", limits{CPUMillis: 10000, WallMillis: shortWall}, false, "hold-lock")
	add(api.OutputLimit, "disk limit", "", limits{}, true, "unlinked-mapped")
	add(api.ProcessLimit, "processes", "", limits{}, false, "clone-storm", "fork-storm")
	add(api.OK, "", "refused\n", limits{}, false, "private-descriptors")
	add(api.OK, "", "30 MiB in all\n", limits{}, false, "vfork-shares", "fork-copies")
	add(api.OK, "", "120 threads\n", limits{}, false, "threads-again")
	return all
}
