package settings

import "time"

// Settings is the configuration of an executor. The tags of a field are the definition of a
// setting:
//
//	name       the flag without its dashes; EXECUTOR_QUEUE_WAIT is the variable of queue-wait
//	default    the default value
//	min, max   the inclusive range of a number or of a duration
//	enum       the allowed values of a string
//	help       what the setting does, without its range
//	pool       "passed": the controllers pass the flag to every replica of a pool. Absent: the image
//	           decides.
//
// The names of default, enum and help are those of the flag parser, github.com/alecthomas/kong.
type Settings struct {
	Listen        string        `name:"listen" default:":8000" pool:"passed" help:"Address to serve HTTP on."`
	Workers       int64         `name:"workers" default:"4" min:"1" max:"256" pool:"passed" help:"Worker processes."`
	Threads       int64         `name:"threads" default:"2" min:"1" max:"64" pool:"passed" help:"Slots of a worker, each for one submission at a time."`
	Timeout       time.Duration `name:"timeout" default:"60s" min:"1s" max:"1h" pool:"passed" help:"Hard limit on one submission in its slot, compilation and all runs together."`
	QueueCapacity int64         `name:"queue-capacity" default:"128" min:"0" max:"100000" pool:"passed" help:"Submissions that can wait for a slot."`
	QueueWait     time.Duration `name:"queue-wait" default:"30s" min:"100ms" max:"1h" pool:"passed" help:"Longest wait for a slot. A submission that waited longer is answered 503 and does not run."`

	CPUMillis int64 `name:"cpu-millis" default:"10000" min:"10" max:"3600000" pool:"passed" help:"Ceiling of one run: CPU time of its process tree in milliseconds."`
	MemoryMiB int64 `name:"memory-mib" default:"256" min:"16" max:"1048576" pool:"passed" help:"Ceiling of one run: memory of its process tree in MiB."`
	OutputKiB int64 `name:"output-kib" default:"64" min:"1" max:"65536" pool:"passed" help:"Ceiling of one run: stdout and stderr in KiB, each."`
	Processes int64 `name:"processes" default:"64" min:"1" max:"4096" pool:"passed" help:"Ceiling of one run: processes and threads at one time."`
	DiskMiB   int64 `name:"disk-mib" default:"64" min:"1" max:"65536" pool:"passed" help:"Ceiling of one run: MiB that it writes to its directory."`

	RecycleAfter int64         `name:"recycle-after" default:"10000" min:"1" max:"1000000000" pool:"passed" help:"Runs after which a worker process is replaced, plus or minus a tenth."`
	MinimumTier  string        `name:"minimum-tier" default:"RestrictedLegacy" pool:"passed" help:"Isolation tier below which nothing runs: RestrictedLegacy, Restricted, Namespaced, or None to run without isolation."`
	MaximumTier  string        `name:"maximum-tier" default:"Namespaced" help:"Highest isolation tier to probe, to compare tiers; at least --minimum-tier."`
	DrainDelay   time.Duration `name:"drain-delay" default:"5s" min:"0s" max:"10m" pool:"passed" help:"Time from SIGTERM until new submissions are rejected, in which clients and load balancers learn that this executor ends."`
	Scratch      string        `name:"scratch" default:"/scratch" pool:"passed" help:"Directory for the files of runs. No other program may use it."`
	Languages    string        `name:"languages" default:"/etc/executor/languages.yaml" help:"Language table. The files of the directory languages.d beside it extend it."`
	MaxBodyMiB   int64         `name:"max-body-mib" default:"16" min:"1" max:"1024" pool:"passed" help:"Largest request in MiB."`
	BufferMiB    int64         `name:"buffer-mib" default:"256" min:"1" max:"65536" pool:"passed" help:"Memory in MiB for all requests that wait or run, and for large answers; at least --max-body-mib."`
	CacheMiB     int64         `name:"cache-mib" default:"64" min:"0" max:"65536" pool:"passed" help:"Size in MiB of the compile cache below --scratch, which spares the compilation of a source that was compiled before. 0 is off."`

	LogFormat string `name:"log-format" default:"json" enum:"json,text" help:"Log format: json or text."`
	LogLevel  string `name:"log-level" default:"info" enum:"debug,info,warn,error" help:"Log level: debug, info, warn or error."`
}
