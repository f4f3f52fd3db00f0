package attacks

import (
	"strings"

	"executorpool.dev/executor/api"
)

// FaultAttacks returns the attacks that make the executor fail to start a program, or that send a
// program in place of the compiler's. None may be a fault of the executor (InternalError).
func FaultAttacks() []Attack {
	var all []Attack
	source := func(name, language, text string, verdict api.Verdict, cause string) {
		all = append(all, Attack{Name: name, Verdict: verdict, Cause: cause,
			Request: api.Request{Language: language, Source: text, Limits: limits{MemoryMiB: memoryMiB}}})
	}
	files := func(name, language string, verdict api.Verdict, files ...api.File) {
		all = append(all, Attack{Name: name, Verdict: verdict,
			Request: api.Request{Language: language, Files: files, Limits: limits{MemoryMiB: memoryMiB}}})
	}
	source("interpreter that does not exist", "c", interpreted("/nonexistent"), api.RuntimeError, "cannot be executed")
	source("interpreter of the image", "c", interpreted("/lib64/ld-linux-x86-64.so.2"), api.RuntimeError, "cannot be executed")
	source("interpreter that is a directory", "c", interpreted("/"), api.RuntimeError, "cannot be executed")
	source("Go package without a program", "go", "package foo\n\nfunc X() {}", api.CompileError, "")
	for _, crate := range []string{"lib", "rlib", "staticlib", "cdylib", "dylib", "proc-macro"} {
		source("Rust crate type "+crate, "rust", "#![crate_type = \""+crate+"\"]\n", api.CompileError, "")
	}
	source("Rust crate of two types", "rust", "#![crate_type = \"lib\"]\n#![crate_type = \"staticlib\"]\n", api.CompileError, "")
	source("Java class of another name", "java", "class Other { public static void main(String[] a) {} }", api.CompileError, "")

	script := "#!/bin/sh\necho " + Escaped + "\n"
	files("script in place of the compiler's program", "rust", api.CompileError,
		api.File{Name: "lib.rs", Content: "#![crate_type = \"lib\"]\n#![crate_type = \"staticlib\"]\n"}, api.File{Name: "main", Content: script})
	files("class in place of the compiler's", "java", api.CompileError,
		api.File{Name: "X.java", Content: "class X {}"}, api.File{Name: "Main.class", Content: mainClass, Encoding: api.Base64})
	files("class that the compiler reads", "java", api.CompileError,
		api.File{Name: "X.java", Content: "class X extends Main {}"}, api.File{Name: "Main.class", Content: mainClass, Encoding: api.Base64})
	files("class that is junk", "java", api.CompileError,
		api.File{Name: "X.java", Content: "class X {}"}, api.File{Name: "Main.class", Content: "junk"})
	files("class only", "java", api.CompileError, api.File{Name: "Main.class", Content: mainClass, Encoding: api.Base64})
	files("program only", "c", api.CompileError, api.File{Name: "main", Content: script})
	files("program beside its source", "c", api.OK,
		api.File{Name: "x.c", Content: "int main(void) { return 0; }"}, api.File{Name: "main", Content: script})
	files("class beside its source", "java", api.OK,
		api.File{Name: "Main.java", Content: "class Main { public static void main(String[] a) {} }"},
		api.File{Name: "Main.class", Content: mainClass, Encoding: api.Base64})

	all = append(all, Attack{Name: "longest arguments", Verdict: api.OK, Request: api.Request{Language: "c",
		Source: "int main(void) { return 0; }", Args: []string{strings.Repeat("x", api.MaxArgBytes)}, Limits: limits{MemoryMiB: memoryMiB}}})
	return all
}

// interpreted returns a static program that names an interpreter, which the kernel opens.
func interpreted(path string) string {
	return "__asm__(\".section .interp,\\\"a\\\"\\n.asciz \\\"" + path + "\\\"\\n.text\\n\");\nint main(void) { return 0; }"
}

// mainClass is a compiled Java class Main that prints ESCAPED, in base64.
const mainClass = "" +
	"yv66vgAAAD0AGgoAAgADBwAEDAAFAAYBABBqYXZhL2xhbmcvT2JqZWN0AQAGPGluaXQ+AQADKClWCQAIAAkHAAoMAA" +
	"sADAEAEGphdmEvbGFuZy9TeXN0ZW0BAANvdXQBABVMamF2YS9pby9QcmludFN0cmVhbTsIAA4BAAdFU0NBUEVECgAQ" +
	"ABEHABIMABMAFAEAE2phdmEvaW8vUHJpbnRTdHJlYW0BAAdwcmludGxuAQAVKExqYXZhL2xhbmcvU3RyaW5nOylWBw" +
	"AWAQAETWFpbgEABENvZGUBAARtYWluAQAWKFtMamF2YS9sYW5nL1N0cmluZzspVgAgABUAAgAAAAAAAgAAAAUABgAB" +
	"ABcAAAARAAEAAQAAAAUqtwABsQAAAAAACQAYABkAAQAXAAAAFQACAAEAAAAJsgAHEg22AA+xAAAAAAAA"
