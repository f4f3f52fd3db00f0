package guest

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"
)

// Paths in the initramfs. Boot moves the three files to the same paths below RunDir of the new
// root.
const (
	ModuleDir     = "/modules"
	ConfigFile    = "/config.json"
	ExecutorFile  = "/executor"
	LanguagesFile = "/languages.yaml"
)

// ModulePath returns the path of the driver that Boot loads at the place i, from 0 on.
func ModulePath(i int) string { return filepath.Join(ModuleDir, fmt.Sprintf("%02d.ko", i)) }

// Config is what the host asks of a guest.
type Config struct {
	// Tier is the tier of a container in which no namespace can be created, and Landlock the ABI of
	// the kernel.
	Tier     string
	Landlock int
	// Slowness is the factor for the suite's own time limits.
	Slowness int
	// Run selects tests, as the flag of go test.
	Run string
	// Timeout is the limit for all tests.
	Timeout time.Duration
}

// Marks of lines that are not from the testing package.
const (
	// FactsMark precedes Facts.
	FactsMark = "kernels-facts "
	// NoteMark precedes a line for people.
	NoteMark = "kernels-note "
	// EndMark is the last line of a guest that ran all tests.
	EndMark = "kernels-end"
)

// Facts are what a guest found out about its kernel and its container.
type Facts struct {
	Kernel   string
	Landlock int
	Tier     string
	// Restarts are the starts of the executor after the first one. GroupKills and Kills are the events
	// oom_group_kill and oom_kill of its control group: how often the kernel killed all processes of
	// the container, and how many processes it killed for lack of memory.
	Restarts, GroupKills, Kills int
}

// String returns the line that Parse reads.
func (f Facts) String() string {
	text, err := json.Marshal(f)
	if err != nil {
		panic(err) // cannot fail: the type has only strings and numbers
	}
	return string(text)
}

// Parse reads what String returned.
func (f *Facts) Parse(text string) error {
	if err := json.Unmarshal([]byte(text), f); err != nil {
		return fmt.Errorf("facts of the guest: %w", err)
	}
	return nil
}
