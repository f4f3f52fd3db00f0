package toolchain

import (
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Values are the values of a command's placeholders.
type Values struct {
	// Store is the absolute directory of the artifacts.
	Store string
	// Files are the names of the request's files, the main file first.
	Files []string
	// MemoryMiB is the run's memory limit.
	MemoryMiB int64
}

// basePath is the PATH of compilers and runs.
const basePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// CompileCommand returns the argument vector of the compiler.
func (l *Language) CompileCommand(v Values) []string {
	sources := v.Files
	if len(l.Compile.Sources) > 0 {
		sources = slices.DeleteFunc(slices.Clone(v.Files), func(name string) bool {
			return !slices.ContainsFunc(l.Compile.Sources, func(glob string) bool { return match(glob, name) })
		})
	}
	return l.fill(l.Compile.Command, v, sources)
}

// RunCommand returns the argument vector of a run, without the request's arguments.
func (l *Language) RunCommand(v Values) []string { return l.fill(l.Run.Command, v, v.Files) }

// Missing returns the first artifact glob that matches none of the names, or "".
func (c *Compile) Missing(names []string) string {
	for _, glob := range c.Artifacts {
		if !slices.ContainsFunc(names, func(name string) bool { return match(glob, name) }) {
			return glob
		}
	}
	return ""
}

// Makes reports whether a file of this name is an artifact.
func (c *Compile) Makes(name string) bool {
	return slices.ContainsFunc(c.Artifacts, func(glob string) bool { return match(glob, name) })
}

func match(glob, name string) bool {
	ok, err := path.Match(glob, name)
	return ok && err == nil
}

func (l *Language) fill(command []string, v Values, sources []string) []string {
	argv := make([]string, 0, len(command)+len(sources))
	for _, arg := range command {
		if arg == "{sources}" {
			argv = append(argv, sources...)
			continue
		}
		argv = append(argv, l.replace(arg, v))
	}
	return argv
}

// replace replaces placeholders by their values, once: placeholders in values stay.
func (l *Language) replace(arg string, v Values) string {
	before, rest, found := strings.Cut(arg, "{")
	if !found {
		return arg
	}
	var b strings.Builder
	for ; found; before, rest, found = strings.Cut(rest, "{") {
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		value, ok := l.value(name, v)
		if !closed || !ok {
			b.WriteByte('{')
			continue
		}
		b.WriteString(value)
		rest = after
	}
	b.WriteString(before)
	return b.String()
}

func (l *Language) value(placeholder string, v Values) (value string, ok bool) {
	main := v.Files[0]
	switch placeholder {
	case "store":
		return v.Store, true
	case "main":
		return main, true
	case "stem":
		return strings.TrimSuffix(main, filepath.Ext(main)), true
	case "memoryMiB":
		return strconv.FormatInt(v.MemoryMiB, 10), true
	case "heapMiB":
		return strconv.FormatInt(max(minHeapMiB, v.MemoryMiB-l.Run.MemoryOverheadMiB), 10), true
	case "stackMiB":
		return strconv.FormatInt(min(l.Run.StackMiB, v.MemoryMiB), 10), true
	}
	return "", false
}

// minHeapMiB is the smallest heap size for a virtual machine. Most do not start with less.
const minHeapMiB = 8

// Environ returns a whole environment, sorted: fixed values and those of extra. HOME and TMPDIR are
// box, the absolute path of the working directory, which is empty at the start of every run.
func Environ(extra map[string]string, box string) []string {
	all := map[string]string{"PATH": basePath, "HOME": box, "TMPDIR": box, "LANG": "C.UTF-8"}
	for name, value := range extra {
		all[name] = strings.ReplaceAll(value, "{box}", box)
	}
	env := make([]string, 0, len(all))
	for name, value := range all {
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	return env
}
