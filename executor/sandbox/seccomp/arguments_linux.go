package seccomp

import "golang.org/x/sys/unix"

// mapHuge is MAP_HUGETLB, whose pages no resident set counts.
const mapHuge = unix.MAP_HUGETLB

// argumentCalls returns the rows of calls on memory, times and the process itself whose answer
// depends on arguments.
func argumentCalls() []Entry {
	return []Entry{
		{Calls: []string{"mmap"}, Otherwise: Allow, Cases: []Case{
			// MAP_SHARED is 1 and MAP_SHARED_VALIDATE is 3: both have bit 0.
			{Text: "MAP_SHARED with MAP_ANONYMOUS", When: []Condition{hasAny(3, unix.MAP_SHARED), hasAny(3, unix.MAP_ANON)}, Answer: refused},
			{Text: "MAP_HUGETLB", When: []Condition{hasAny(3, mapHuge)}, Answer: refused},
		}, Note: "No rlimit counts shared memory, and unmapped it does not show in a resident set."},
		{Calls: []string{"madvise"}, Otherwise: invalid, Cases: []Case{oneOf(2, Allow, adviceNames...)},
			Note: "Other advice merges pages with those of other processes or moves them out of the resident set."},
		{Calls: []string{"prctl"}, Otherwise: invalid, Cases: []Case{
			oneOf(0, Allow, prctlNames...), oneOf(0, refused, prctlRefused...),
		}, Note: "A process that is not dumpable hides its memory from the executor."},
		{Calls: []string{"prlimit64"}, Otherwise: refused, Cases: []Case{
			{Text: "process 0, the caller", When: []Condition{is(0, number(0))}, Answer: Allow},
		}, Note: "Other processes of the user id."},
		{Calls: []string{"clock_gettime", "clock_getres", "clock_nanosleep"}, Otherwise: invalid, Cases: []Case{
			{Text: "a clock of the system", When: []Condition{hasNone(0, 1<<31)}, Answer: Allow},
			// The kernel gives the clock of a thread to the threads of its process only.
			{Text: "the CPU clock of a thread of the process", When: []Condition{hasAny(0, cpuClockPerThread)}, Answer: Allow},
			{Text: "the CPU clock of the process by process id 0", When: []Condition{is(0, ownCPUClocks()...)}, Answer: Allow},
		}, Note: "The CPU clock of another process shows how much that process computes."},
	}
}

// cpuClockPerThread is CPUCLOCK_PERTHREAD_MASK of linux/posix-timers.h: the id of a CPU clock is
// the complement of a process or thread id above three type bits.
const cpuClockPerThread = 4

// ownCPUClocks are the ids of the three CPU clocks of process 0, which means the caller.
func ownCPUClocks() []Constant {
	return []Constant{number(^uint32(7)), number(^uint32(6)), number(^uint32(5))}
}

var adviceNames = []Constant{
	{"MADV_NORMAL", unix.MADV_NORMAL}, {"MADV_RANDOM", unix.MADV_RANDOM}, {"MADV_SEQUENTIAL", unix.MADV_SEQUENTIAL},
	{"MADV_WILLNEED", unix.MADV_WILLNEED}, {"MADV_DONTNEED", unix.MADV_DONTNEED}, {"MADV_FREE", unix.MADV_FREE},
	{"MADV_REMOVE", unix.MADV_REMOVE}, {"MADV_DONTFORK", unix.MADV_DONTFORK}, {"MADV_DOFORK", unix.MADV_DOFORK},
	{"MADV_HUGEPAGE", unix.MADV_HUGEPAGE}, {"MADV_NOHUGEPAGE", unix.MADV_NOHUGEPAGE}, {"MADV_COLLAPSE", unix.MADV_COLLAPSE},
	{"MADV_DONTDUMP", unix.MADV_DONTDUMP}, {"MADV_DODUMP", unix.MADV_DODUMP}, {"MADV_WIPEONFORK", unix.MADV_WIPEONFORK},
	{"MADV_KEEPONFORK", unix.MADV_KEEPONFORK}, {"MADV_POPULATE_READ", unix.MADV_POPULATE_READ},
	{"MADV_POPULATE_WRITE", unix.MADV_POPULATE_WRITE},
}

var prctlNames = []Constant{
	{"PR_SET_NAME", unix.PR_SET_NAME}, {"PR_GET_NAME", unix.PR_GET_NAME}, {"PR_SET_VMA", unix.PR_SET_VMA},
	{"PR_SET_PDEATHSIG", unix.PR_SET_PDEATHSIG}, {"PR_GET_PDEATHSIG", unix.PR_GET_PDEATHSIG},
	{"PR_GET_DUMPABLE", unix.PR_GET_DUMPABLE}, {"PR_GET_KEEPCAPS", unix.PR_GET_KEEPCAPS}, {"PR_GET_SECCOMP", unix.PR_GET_SECCOMP},
	{"PR_CAPBSET_READ", unix.PR_CAPBSET_READ}, {"PR_GET_SECUREBITS", unix.PR_GET_SECUREBITS},
	{"PR_SET_TIMERSLACK", unix.PR_SET_TIMERSLACK}, {"PR_GET_TIMERSLACK", unix.PR_GET_TIMERSLACK},
	{"PR_GET_CHILD_SUBREAPER", unix.PR_GET_CHILD_SUBREAPER}, {"PR_SET_NO_NEW_PRIVS", unix.PR_SET_NO_NEW_PRIVS},
	{"PR_GET_NO_NEW_PRIVS", unix.PR_GET_NO_NEW_PRIVS}, {"PR_GET_TID_ADDRESS", unix.PR_GET_TID_ADDRESS},
	{"PR_SET_THP_DISABLE", unix.PR_SET_THP_DISABLE}, {"PR_GET_THP_DISABLE", unix.PR_GET_THP_DISABLE},
	{"PR_SVE_SET_VL", unix.PR_SVE_SET_VL}, {"PR_SVE_GET_VL", unix.PR_SVE_GET_VL}, {"PR_PAC_RESET_KEYS", unix.PR_PAC_RESET_KEYS},
	{"PR_GET_SPECULATION_CTRL", unix.PR_GET_SPECULATION_CTRL}, {"PR_SET_TAGGED_ADDR_CTRL", unix.PR_SET_TAGGED_ADDR_CTRL},
	{"PR_GET_TAGGED_ADDR_CTRL", unix.PR_GET_TAGGED_ADDR_CTRL},
}

// prctlRefused would hide a process or its children, or reach other processes.
var prctlRefused = []Constant{
	{"PR_SET_DUMPABLE", unix.PR_SET_DUMPABLE}, {"PR_SET_CHILD_SUBREAPER", unix.PR_SET_CHILD_SUBREAPER},
	{"PR_SET_SECCOMP", unix.PR_SET_SECCOMP}, {"PR_SET_MM", unix.PR_SET_MM}, {"PR_SET_PTRACER", unix.PR_SET_PTRACER},
	{"PR_SCHED_CORE", unix.PR_SCHED_CORE}, {"PR_SET_MEMORY_MERGE", unix.PR_SET_MEMORY_MERGE},
	{"PR_SET_IO_FLUSHER", unix.PR_SET_IO_FLUSHER}, {"PR_TASK_PERF_EVENTS_DISABLE", unix.PR_TASK_PERF_EVENTS_DISABLE},
	{"PR_TASK_PERF_EVENTS_ENABLE", unix.PR_TASK_PERF_EVENTS_ENABLE}, {"PR_CAP_AMBIENT", unix.PR_CAP_AMBIENT},
}

// oneOf returns the case that an argument is one of the constants.
func oneOf(argument int, a Answer, constants ...Constant) Case {
	text := ""
	for i, c := range constants {
		if i > 0 {
			text += ", "
		}
		text += c.Name
	}
	return Case{Text: text, When: []Condition{is(argument, constants...)}, Answer: a}
}

// priorityCalls returns the rows of the calls that set or show how a process is scheduled. The
// executor itself and other runs have the same user id; a lowered class cannot be raised again
// without CAP_SYS_NICE.
func priorityCalls() []Entry {
	caller := Case{Text: "process 0, the caller", When: []Condition{is(0, number(0))}, Answer: Allow}
	// PRIO_PROCESS and IOPRIO_WHO_PROCESS.
	own := func(which uint32) Case {
		return Case{Text: "process 0, the caller", When: []Condition{is(0, number(which)), is(1, number(0))}, Answer: Allow}
	}
	return []Entry{
		{Calls: []string{"sched_setscheduler", "sched_setparam", "sched_setaffinity"}, Otherwise: refused, Cases: []Case{caller},
			Note: "The executor and other runs."},
		{Calls: []string{"getpriority", "setpriority"}, Otherwise: refused, Cases: []Case{own(unix.PRIO_PROCESS)},
			Note: "The executor and other runs."},
		{Calls: []string{"ioprio_get"}, Otherwise: refused, Cases: []Case{own(1)}, Note: "Other runs."},
		{Calls: []string{"ioprio_set", "sched_setattr", "sched_getattr"}, Otherwise: refused, Note: "The executor and other runs."},
	}
}
