package toolchain

// Language is one row of the table.
type Language struct {
	// ID is the name in requests, such as cpp17: lower-case letters, digits, dash, dot and plus.
	ID string `json:"id"`
	// Name is the display name, such as "C++17".
	Name string `json:"name"`
	// SourceFile is the name of a request's source; a request with files has its own names.
	SourceFile string `json:"sourceFile"`
	// Version is the command that prints the version. The first line of output with a digit is the
	// version.
	Version []string `json:"version"`
	// Compile is absent for interpreted languages.
	Compile *Compile `json:"compile,omitempty"`
	Run     Run      `json:"run"`
	// Paths are what the tools and runs of this language read or execute outside of the toolchain
	// directories and the paths of the file.
	Paths []string `json:"paths,omitempty"`

	fingerprint string
}

// Fingerprint returns a string that differs for any two different rows.
func (l *Language) Fingerprint() string { return l.fingerprint }

// Compile is how sources become artifacts.
type Compile struct {
	// Command is the argument vector; Command[0] is an absolute path. The argument "{sources}" is
	// replaced by the files that match Sources, and "{main}" by the name of the main file.
	Command []string `json:"command"`
	// Sources are globs for {sources}; absent means all files of the request.
	Sources []string          `json:"sources,omitempty"`
	Env     map[string]string `json:"env,omitempty"`
	// Artifacts are globs, relative to the working directory, of the regular files that runs need.
	Artifacts []string      `json:"artifacts"`
	Limits    CompileLimits `json:"limits"`
}

// CompileLimits are the limits of a compiler. Zero means the default, which follows each field.
type CompileLimits struct {
	CPUMillis  int64 `json:"cpuMillis,omitempty"`  // 30 000
	WallMillis int64 `json:"wallMillis,omitempty"` // 30 000
	MemoryMiB  int64 `json:"memoryMiB,omitempty"`  // settings.CompileMiB, which is also the maximum
	OutputKiB  int64 `json:"outputKiB,omitempty"`  // 64
	Processes  int64 `json:"processes,omitempty"`  // 64
	DiskMiB    int64 `json:"diskMiB,omitempty"`    // settings.CompileDiskMiB, which is also the maximum
}

// Files is what a run may reach of the image.
type Files string

// OwnFiles is for self-contained, statically linked programs: of the image they reach only devices,
// time zones and locales.
const OwnFiles Files = "own"

// Run is how a program is started.
type Run struct {
	// Command is the argument vector; the request's args follow it. Placeholders: {store} is the
	// absolute directory of the artifacts, {main} the name of the main file, {stem} that name
	// without its extension, {memoryMiB} the run's memory limit, {heapMiB} that limit minus
	// MemoryOverheadMiB, {stackMiB} the stack limit.
	Command []string          `json:"command"`
	Env     map[string]string `json:"env,omitempty"`
	// MemoryOverheadMiB is the memory that the language's runtime needs. It is part of the run's
	// memory limit.
	MemoryOverheadMiB int64 `json:"memoryOverheadMiB,omitempty"`
	// ReserveMiB is private memory that the runtime maps but does not use, such as thread stacks
	// and arenas.
	ReserveMiB int64 `json:"reserveMiB,omitempty"`
	// StackMiB is the limit of the main thread's stack; 64 if absent. The memory limit bounds it.
	StackMiB int64 `json:"stackMiB,omitempty"`
	// OutOfMemory are texts on stderr by which the runtime reports that it is out of memory.
	OutOfMemory []string `json:"outOfMemory,omitempty"`
	// RuntimeThreads is the number of threads that the runtime starts. It is added to the process
	// limit of the run.
	RuntimeThreads int64 `json:"runtimeThreads,omitempty"`
	// Files is what a run may read and execute of the image: what the tools may if absent, or
	// OwnFiles.
	Files Files `json:"files,omitempty"`
}
