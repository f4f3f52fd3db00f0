package toolchain

import (
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Values fill the placeholders of a command.
type Values struct {
	// Store is the absolute directory of the artifacts.
	Store string
	// Files are the names of the request's files, the main file first.
	Files []string
	// MemoryMiB is the run's memory limit.
	MemoryMiB int64
}

// basePath is the search path of compilers and runs.
const basePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// CompileCommand is the argument vector of the compile stage.
func (l *Language) CompileCommand(v Values) []string {
	sources := v.Files
	if len(l.Compile.Sources) > 0 {
		sources = slices.DeleteFunc(slices.Clone(v.Files), func(name string) bool {
			return !slices.ContainsFunc(l.Compile.Sources, func(glob string) bool { return match(glob, name) })
		})
	}
	return l.fill(l.Compile.Command, v, sources)
}

// RunCommand is the argument vector of a run, without the request's own arguments.
func (l *Language) RunCommand(v Values) []string { return l.fill(l.Run.Command, v, v.Files) }

// Missing gives the first artifact glob that none of the names satisfies, or "".
func (c *Compile) Missing(names []string) string {
	for _, glob := range c.Artifacts {
		if !slices.ContainsFunc(names, func(name string) bool { return match(glob, name) }) {
			return glob
		}
	}
	return ""
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

// replace puts values in the place of placeholders, once: what a value holds is not looked at.
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

// minHeapMiB is the least heap a virtual machine is told to have; below it most refuse to start instead of running out.
const minHeapMiB = 8

// Environ is a whole environment, built from nothing but fixed values and the row's own, sorted. Home and temporary
// directory are the working directory, which every run finds empty; box is its absolute path.
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
