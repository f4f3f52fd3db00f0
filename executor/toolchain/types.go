package toolchain

// Language is one row of the table.
type Language struct {
	// ID is what requests name, such as cpp17: lower-case letters, digits, dash, dot, plus.
	ID string `json:"id"`
	// Name is for people, such as "C++17".
	Name string `json:"name"`
	// SourceFile is the name a request's source is stored under; the main file of a request with files keeps its own.
	SourceFile string `json:"sourceFile"`
	// Version is the command that prints the version; the first line of its output that has a digit is taken.
	Version []string `json:"version"`
	// Compile is absent for languages that are interpreted.
	Compile *Compile `json:"compile,omitempty"`
	Run     Run      `json:"run"`
	// Paths are directories and files outside the built-in list that the tools must read or execute.
	Paths []string `json:"paths,omitempty"`

	fingerprint string
}

// Fingerprint tells rows apart that differ in anything.
func (l *Language) Fingerprint() string { return l.fingerprint }

// Compile says how sources become artifacts.
type Compile struct {
	// Command is the argument vector; Command[0] is an absolute path. "{sources}" alone becomes the files that Sources
	// matches, "{main}" the main file's name.
	Command []string `json:"command"`
	// Sources are globs for {sources}; all files of the request when absent.
	Sources []string          `json:"sources,omitempty"`
	Env     map[string]string `json:"env,omitempty"`
	// Artifacts are globs, relative to the working directory, of the regular files that runs need.
	Artifacts []string      `json:"artifacts"`
	Limits    CompileLimits `json:"limits"`
}

// CompileLimits bound a compiler, apart from what runs may use. Zero takes the default beside each field.
type CompileLimits struct {
	CPUMillis  int64 `json:"cpuMillis,omitempty"`  // 30 000
	WallMillis int64 `json:"wallMillis,omitempty"` // 30 000
	MemoryMiB  int64 `json:"memoryMiB,omitempty"`  // 1024
	OutputKiB  int64 `json:"outputKiB,omitempty"`  // 64
	Processes  int64 `json:"processes,omitempty"`  // 64
	DiskMiB    int64 `json:"diskMiB,omitempty"`    // 256
}

// Files names what of the image a run may reach.
type Files string

// OwnFiles is for programs that are whole in themselves, linked statically: of the image they reach nothing but devices,
// time zones and locales.
const OwnFiles Files = "own"

// Run says how a program is started.
type Run struct {
	// Command is the argument vector; the request's args follow it. Placeholders: {store} the absolute directory of the
	// artifacts, {main} the main file's name, {stem} that name without its extension, {memoryMiB} the run's memory limit,
	// {heapMiB} that limit less MemoryOverheadMiB, {stackMiB} the stack a run may use.
	Command []string          `json:"command"`
	Env     map[string]string `json:"env,omitempty"`
	// MemoryOverheadMiB is what the language's runtime itself needs; it comes out of the run's memory, not on top.
	MemoryOverheadMiB int64 `json:"memoryOverheadMiB,omitempty"`
	// ReserveMiB is private memory that the runtime maps but does not touch, such as thread stacks and arenas.
	ReserveMiB int64 `json:"reserveMiB,omitempty"`
	// StackMiB is the main thread's stack; 64 when absent, never more than the memory limit.
	StackMiB int64 `json:"stackMiB,omitempty"`
	// OutOfMemory are texts on stderr by which the runtime says it ran out of memory.
	OutOfMemory []string `json:"outOfMemory,omitempty"`
	// RuntimeThreads is the number of threads that the runtime itself starts; it is added to the limit of the run.
	RuntimeThreads int64 `json:"runtimeThreads,omitempty"`
	// Files is what of the image a run may read and execute: what the tools may, when absent, or OwnFiles.
	Files Files `json:"files,omitempty"`
}
