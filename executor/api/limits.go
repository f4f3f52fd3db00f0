package api

// Limits are the limits of one run. Zero means the pool's ceiling.
//
// CONTRIBUTING.md lists the places to change for another limit.
type Limits struct {
	// CPUMillis is the CPU time of the whole process tree in milliseconds.
	CPUMillis int64 `json:"cpuMillis,omitempty"`
	// WallMillis is the elapsed time in milliseconds. Its ceiling is the rest of the submission's hard
	// timeout.
	WallMillis int64 `json:"wallMillis,omitempty"`
	// MemoryMiB is the memory of the whole process tree in MiB.
	MemoryMiB int64 `json:"memoryMiB,omitempty"`
	// OutputKiB is the size of stdout and stderr each, in KiB.
	OutputKiB int64 `json:"outputKiB,omitempty"`
	// Processes is the number of processes and threads at one time.
	Processes int64 `json:"processes,omitempty"`
}

// Limit is a field of Limits.
type Limit struct {
	// Name is the field's name in JSON.
	Name  string
	Value *int64
}

// Fields returns all fields of l in the order of their declaration. Validation and the messages
// between the executor's processes use it.
func (l *Limits) Fields() []Limit {
	return []Limit{
		{"cpuMillis", &l.CPUMillis},
		{"wallMillis", &l.WallMillis},
		{"memoryMiB", &l.MemoryMiB},
		{"outputKiB", &l.OutputKiB},
		{"processes", &l.Processes},
	}
}

// validate returns a problem for a limit above its ceiling, and sets absent limits to theirs.
func (l *Limits) validate(ceilings Limits) *Problem {
	highest := ceilings.Fields()
	for i, limit := range l.Fields() {
		value, ceiling := limit.Value, *highest[i].Value
		if *value < 0 || *value > ceiling {
			return Invalid("limits."+limit.Name, "is %d; this pool allows 1 to %d", *value, ceiling)
		}
		if *value == 0 {
			*value = ceiling
		}
	}
	return nil
}
