package attacks

import (
	"strconv"
	"strings"

	"executorpool.dev/executor/api"
)

// CompilerAttacks returns the attacks of sources on their compilers.
func CompilerAttacks() []Attack {
	var all []Attack
	source := func(name, language, text string, verdict api.Verdict, cause string) {
		all = append(all, Attack{Name: name, Verdict: verdict, Cause: cause,
			Request: api.Request{Language: language, Source: text, Limits: limits{MemoryMiB: memoryMiB}}})
	}
	source("static memory", "c", "char big[1 << 30]; int main(void) { for (long i = 0; i < sizeof big; i += 4096) big[i] = 1; }", api.MemoryLimit, "memory limit")
	for name, path := range map[string]string{"endless device": "/dev/zero", "password file": "/etc/shadow", "environment": "/proc/1/environ",
		"token": "/var/run/secrets/kubernetes.io/serviceaccount/token"} {
		source("include "+name, "c", Include(path), api.CompileError, "")
		source("embed "+name, "c", Embed(path), api.CompileError, "")
		source("embed "+name+" in Rust", "rust", EmbedRust(path), api.CompileError, "")
	}
	// One of the two may be its own slot.
	source("embed another slot", "c", Embed("../../w0s0/box/main.c", "../../w1s1/box/main.c"), api.CompileError, "")
	source("macro bomb", "c", MacroBomb(12), api.CompileError, "")
	source("deep template", "cpp17", "template <int n> struct f { f<n + 1> next; };\nint main() { f<0> all; }", api.CompileError, "")
	source("cgo flags", "go", CgoFlags, api.CompileError, "")
	source("cgo include", "go", "package main\n\n// #include \"/etc/shadow\"\nimport \"C\"\n\nfunc main() {}", api.CompileError, "")
	return all
}

// Include returns a program that includes the file.
func Include(path string) string {
	return "#include \"" + path + "\"\nint main(void) { return 0; }"
}

// Embed returns a program that prints the files, which its assembler embeds.
func Embed(paths ...string) string {
	var text strings.Builder
	text.WriteString("#include <stdio.h>\n__asm__(\".data\\ntaken:\\n")
	for _, path := range paths {
		text.WriteString(".incbin \\\"" + path + "\\\"\\n")
	}
	text.WriteString(".byte 0\\n.text\\n\");\nextern char taken[];\nint main(void) { fputs(taken, stdout); }")
	return text.String()
}

// EmbedRust returns a program that prints the file, which its compiler embeds.
func EmbedRust(path string) string {
	return "fn main() { print!(\"{}\", include_str!(\"" + path + "\")); }"
}

// CgoFlags is a program that makes the C compiler load a plug-in.
const CgoFlags = "package main\n\n// #cgo CFLAGS: -fplugin=/tmp/x.so\nimport \"C\"\n\nfunc main() {}"

// MacroBomb returns a program with a string of 10 * 4^lines bytes: gigabytes from 12 lines on.
func MacroBomb(lines int) string {
	var text strings.Builder
	text.WriteString("#define A \"0123456789\"\n")
	for i := range lines {
		a, b := string(rune('A'+i)), string(rune('A'+i+1))
		text.WriteString("#define " + b + " " + a + " " + a + " " + a + " " + a + "\n")
	}
	text.WriteString("char *all = " + string(rune('A'+lines)) + ";\nint main(void) { return 0; }\n")
	return text.String()
}

// TemplateBomb returns a program with a template of the given number of parameters.
func TemplateBomb(parameters int) string {
	return "template <long... n> struct all { static constexpr long count = sizeof...(n); };\n" +
		"template <long n> using bomb = all<__integer_pack(n)...>;\n" +
		"int main() { return bomb<" + strconv.Itoa(parameters) + ">::count == 0; }\n"
}
