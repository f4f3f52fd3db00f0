package api

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// Bounds holds the ceilings of the pool. Every one is positive.
type Bounds struct {
	Limits Limits
}

// validate sets the defaults of r and returns the first problem, or nil.
func (r *Request) validate(bounds Bounds) *Problem {
	if r.Language == "" {
		return Invalid("language", "is required; GET "+PathLanguages+" lists the ids")
	}
	checks := []func() *Problem{
		r.validateEnums,
		r.validateProgram,
		r.validateInput,
		func() *Problem { return r.Limits.validate(bounds.Limits) },
	}
	for _, check := range checks {
		if p := check(); p != nil {
			return p
		}
	}
	return nil
}

func (r *Request) validateEnums() *Problem {
	switch r.StopOnFailure {
	case "":
		r.StopOnFailure = StopNever
	case StopNever, StopFirst:
	default:
		return Invalid("stopOnFailure", "is %s; allowed are Never and First", quote(string(r.StopOnFailure)))
	}
	return validateEncoding("encoding", &r.Encoding)
}

func validateEncoding(field string, e *Encoding) *Problem {
	switch *e {
	case "":
		*e = UTF8
	case UTF8, Base64:
	default:
		return Invalid(field, "is %s; allowed are utf8 and base64", quote(string(*e)))
	}
	return nil
}

func (r *Request) validateProgram() *Problem {
	if (r.Source == "") == (len(r.Files) == 0) {
		return Invalid("source", "exactly one of source and files must be given, and not be empty")
	}
	if len(r.Files) > MaxFiles {
		return Invalid("files", "has %d files; at most %d are allowed", len(r.Files), MaxFiles)
	}
	seen := make(map[string]bool, len(r.Files))
	for i := range r.Files {
		f := &r.Files[i]
		path := fmt.Sprintf("files[%d]", i)
		if why := badFileName(f.Name); why != "" {
			return Invalid(path+".name", "is %s; %s", quote(f.Name), why)
		}
		if seen[f.Name] {
			return Invalid(path+".name", "%s is the name of an earlier file; names must differ", quote(f.Name))
		}
		seen[f.Name] = true
		if p := validateEncoding(path+".encoding", &f.Encoding); p != nil {
			return p
		}
		if p := validateContent(path+".content", f.Content, f.Encoding); p != nil {
			return p
		}
	}
	return nil
}

// badFileName returns what is wrong with a name; "" for a valid name. A valid name cannot leave the
// directory in which the file is created.
func badFileName(name string) string {
	switch {
	case name == "":
		return "a name is required"
	case len(name) > MaxFileName:
		return fmt.Sprintf("a name has at most %d characters", MaxFileName)
	case name[0] == '.' || name[0] == '-':
		return "a name does not begin with a dot or a dash"
	}
	for _, c := range []byte(name) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		digit := c >= '0' && c <= '9'
		if !letter && !digit && c != '.' && c != '-' && c != '_' {
			return "a name has only letters, digits, dot, dash and underscore"
		}
	}
	return ""
}

func (r *Request) validateInput() *Problem {
	if len(r.Runs) > 0 && (r.Stdin != "" || len(r.Args) > 0) {
		return Invalid("runs", "stdin and args belong into each of the runs when runs is given")
	}
	if r.Runs != nil && len(r.Runs) == 0 {
		return Invalid("runs", "has no run; give 1 to %d, or leave the field out for one run", MaxRuns)
	}
	if len(r.Runs) > MaxRuns {
		return Invalid("runs", "has %d runs; at most %d are allowed", len(r.Runs), MaxRuns)
	}
	if p := validateRun("", r.Stdin, r.Args, r.Encoding); p != nil {
		return p
	}
	for i, run := range r.Runs {
		if p := validateRun(fmt.Sprintf("runs[%d].", i), run.Stdin, run.Args, r.Encoding); p != nil {
			return p
		}
	}
	return nil
}

func validateRun(prefix, stdin string, args []string, encoding Encoding) *Problem {
	if p := validateContent(prefix+"stdin", stdin, encoding); p != nil {
		return p
	}
	if len(args) > MaxArgs {
		return Invalid(prefix+"args", "has %d arguments; at most %d are allowed", len(args), MaxArgs)
	}
	total := 0
	for i, arg := range args {
		if strings.IndexByte(arg, 0) >= 0 {
			return Invalid(fmt.Sprintf("%sargs[%d]", prefix, i), "holds a NUL byte, which no argument can")
		}
		total += len(arg)
	}
	if total > MaxArgBytes {
		return Invalid(prefix+"args", "has %d bytes; at most %d are allowed for all arguments together", total, MaxArgBytes)
	}
	return nil
}

func validateContent(field, content string, encoding Encoding) *Problem {
	if encoding != Base64 {
		return nil
	}
	if _, err := base64.StdEncoding.DecodeString(content); err != nil {
		return Invalid(field, "is not standard base64 with padding: %s", err)
	}
	return nil
}
