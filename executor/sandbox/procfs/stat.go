package procfs

import "bytes"

// Stat is the part of /proc/PID/stat that this project reads.
type Stat struct {
	// State is the state of the process: R, S, D, T, Z (zombie) and others.
	State byte
	// Parent and Group are the ids of the parent and of the process group.
	Parent, Group int
	// Flags are the PF_ flags of Linux's include/linux/sched.h.
	Flags int64
	// Ticks is the CPU time of the process and of its reaped children, in 1/100 s, and ChildTicks the
	// part of its reaped children.
	Ticks, ChildTicks int64
	// Threads is the number of threads; 0 for a zombie whose threads have all ended.
	Threads int64
	// StartTicks is the time from boot to the start of the process, in 1/100 s.
	StartTicks int64
}

// Fields of /proc/PID/stat, counted from the state, the first one after the name.
// proc_pid_stat(5) counts from 1 at the pid, and the state is its field 3.
const (
	fieldState   = 0
	fieldParent  = 4 - 3
	fieldGroup   = 5 - 3
	fieldFlags   = 9 - 3
	fieldUtime   = 14 - 3
	fieldCutime  = 16 - 3
	fieldCstime  = 17 - 3
	fieldThreads = 20 - 3
	fieldStart   = 22 - 3
)

// ParseStat parses the content of /proc/PID/stat. It returns false if a field is missing or is
// not a number. The name of the program may contain spaces and parentheses, so the fields are
// counted from the last closing parenthesis.
func ParseStat(line []byte) (Stat, bool) {
	var s Stat
	at := bytes.LastIndexByte(line, ')')
	if at < 0 {
		return Stat{}, false
	}
	index := 0
	for field := range bytes.FieldsSeq(line[at+1:]) {
		if index == fieldState {
			s.State = field[0]
		} else if fieldsRead&(1<<index) != 0 {
			n, ok := ParseDecimal(field)
			if !ok {
				return Stat{}, false
			}
			switch index {
			case fieldParent:
				s.Parent = int(n)
			case fieldGroup:
				s.Group = int(n)
			case fieldFlags:
				s.Flags = n
			case fieldThreads:
				s.Threads = n
			case fieldStart:
				s.StartTicks = n
				return s, true
			case fieldCutime, fieldCstime:
				s.ChildTicks += n
				s.Ticks += n
			default:
				s.Ticks += n
			}
		}
		index++
	}
	return Stat{}, false
}

// fieldsRead is the set of fields that ParseStat parses as numbers: bit i stands for the field with
// the index i. ParseStat skips all other fields, because some of them are negative and ParseDecimal
// accepts no sign.
const fieldsRead = 1<<fieldParent | 1<<fieldGroup | 1<<fieldFlags | (1<<(fieldCstime+1) - 1<<fieldUtime) |
	1<<fieldThreads | 1<<fieldStart

// ParseDecimal parses a number without a sign that is below 2^63.
func ParseDecimal(digits []byte) (int64, bool) {
	const most = 19 // digits of 2^63-1; a number of that length fits in 64 bits
	if len(digits) == 0 || len(digits) > most {
		return 0, false
	}
	var n uint64
	for _, d := range digits {
		if d -= '0'; d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	if n > 1<<63-1 {
		return 0, false
	}
	return int64(n), true
}
