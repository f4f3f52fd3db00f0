package toolchain

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"executorpool.dev/executor/settings"
)

var (
	idPattern          = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]{0,31}$`)
	filePattern        = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$`)
	placeholderPattern = regexp.MustCompile(`\{[a-zA-Z]+\}`)
)

// check returns the first fault of a row. The error starts with the field.
func (l *Language) check() error {
	if !idPattern.MatchString(l.ID) {
		return errors.New("id: must be lower-case letters, digits, dot, plus or dash, at most 32")
	}
	if l.Name == "" {
		return errors.New("name: must be given, such as \"C++17\"")
	}
	if !filePattern.MatchString(l.SourceFile) {
		return fmt.Errorf("sourceFile: %q must be a plain file name", l.SourceFile)
	}
	if err := checkCommand("version", l.Version, nil); err != nil {
		return err
	}
	if err := l.Compile.check(); err != nil {
		return err
	}
	known := []string{"{store}", "{main}", "{stem}", "{memoryMiB}", "{heapMiB}", "{stackMiB}"}
	if err := checkCommand("run.command", l.Run.Command, known); err != nil {
		return err
	}
	r := l.Run
	if r.Files != "" && r.Files != OwnFiles {
		return fmt.Errorf("run.files: must be absent or %q", OwnFiles)
	}
	if r.Files == OwnFiles && !strings.HasPrefix(r.Command[0], "{store}/") {
		return fmt.Errorf("run.files: %q is for a program in {store}, not for %s", OwnFiles, r.Command[0])
	}
	for field, value := range map[string]int64{"memoryOverheadMiB": r.MemoryOverheadMiB, "reserveMiB": r.ReserveMiB,
		"stackMiB": r.StackMiB, "runtimeThreads": r.RuntimeThreads} {
		if value < 0 {
			return fmt.Errorf("run.%s: must not be negative", field)
		}
	}
	return checkPaths("paths", l.Paths)
}

func checkPaths(field string, paths []string) error {
	for _, p := range paths {
		if !filepath.IsAbs(p) || filepath.Clean(p) != p || p == "/" {
			return fmt.Errorf("%s: %q must be a clean absolute path below the root", field, p)
		}
	}
	return nil
}

func (c *Compile) check() error {
	if c == nil {
		return nil
	}
	if err := checkCommand("compile.command", c.Command, []string{"{sources}", "{main}", "{stem}", "{store}"}); err != nil {
		return err
	}
	if len(c.Artifacts) == 0 {
		return errors.New("compile.artifacts: must name at least one file that runs need")
	}
	for field, globs := range map[string][]string{"compile.artifacts": c.Artifacts, "compile.sources": c.Sources} {
		for _, glob := range globs {
			if _, err := path.Match(glob, "x"); err != nil || strings.Contains(glob, "/") {
				return fmt.Errorf("%s: %q must be a glob for plain file names, without a slash", field, glob)
			}
		}
	}
	l := c.Limits
	for field, value := range map[string]int64{"cpuMillis": l.CPUMillis, "wallMillis": l.WallMillis, "memoryMiB": l.MemoryMiB,
		"outputKiB": l.OutputKiB, "processes": l.Processes, "diskMiB": l.DiskMiB} {
		if value < 0 {
			return fmt.Errorf("compile.limits.%s: must not be negative", field)
		}
	}
	if l.MemoryMiB > settings.CompileMiB {
		return fmt.Errorf("compile.limits.memoryMiB: is %d; an executor has memory for %d", l.MemoryMiB, settings.CompileMiB)
	}
	if l.DiskMiB > settings.CompileDiskMiB {
		return fmt.Errorf("compile.limits.diskMiB: is %d; an executor has scratch space for %d", l.DiskMiB, settings.CompileDiskMiB)
	}
	return nil
}

// checkCommand returns an error for a program without an absolute path and for an unknown
// placeholder.
func checkCommand(field string, command, known []string) error {
	if len(command) == 0 {
		return fmt.Errorf("%s: must be given as a list of arguments", field)
	}
	if !filepath.IsAbs(command[0]) && !strings.HasPrefix(command[0], "{store}/") {
		return fmt.Errorf("%s: the program %q must be an absolute path", field, command[0])
	}
	for _, arg := range command {
	next:
		for _, found := range placeholderPattern.FindAllString(arg, -1) {
			for _, k := range known {
				if found == k {
					continue next
				}
			}
			return fmt.Errorf("%s: placeholder %s is unknown here; known are %s", field, found, strings.Join(known, " "))
		}
	}
	return nil
}

func (l *Language) fillDefaults() {
	if l.Run.StackMiB == 0 {
		l.Run.StackMiB = 64
	}
	if l.Compile == nil {
		return
	}
	c := &l.Compile.Limits
	for field, value := range map[*int64]int64{&c.CPUMillis: 30_000, &c.WallMillis: 30_000, &c.MemoryMiB: settings.CompileMiB,
		&c.OutputKiB: 64, &c.Processes: 64, &c.DiskMiB: settings.CompileDiskMiB} {
		if *field == 0 {
			*field = value
		}
	}
}
