package judge

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/toolchain"
)

// TestCompilersUseWhatWasPrepared checks the compilers' own reports of what they load. A compiler
// loads the files of prepare.sh only if its flags in the language table are those of prepare.sh,
// and ignores them silently otherwise.
func TestCompilersUseWhatWasPrepared(t *testing.T) {
	original, err := os.ReadFile("../toolchain/languages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	verbose := strings.NewReplacer(
		"[/usr/bin/g++, -std", "[/usr/bin/g++, -H, -std",
		"[/usr/bin/javac, ", "[/usr/bin/javac, '-J-Xlog:class+load', ",
		"-d, ., \"{sources}\"]\n", "-d, ., \"{sources}\"]\n      limits: {outputKiB: 4096}\n",
	).Replace(string(original))
	file := filepath.Join(t.TempDir(), "languages.yaml")
	if err := os.WriteFile(file, []byte(verbose), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := toolchain.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	j := newJudge(t)
	j.config.Table = table
	contest := "#include <bits/stdc++.h>\nint main() { std::cout << 42; }"
	for language, tc := range map[string]struct{ source, message string }{
		// GCC marks a precompiled header with "!" if it uses it, and with "x" if it does not.
		"cpp17": {contest, "! /usr/local/lib/executor/gnu++17/bits/stdc++.h.gch\n"},
		"cpp20": {contest, "! /usr/local/lib/executor/gnu++20/bits/stdc++.h.gch\n"},
		// The top archive is the one above the runtime's own.
		"java": {"class Main { public static void main(String[] args) { System.out.print(42); } }",
			"com.sun.tools.javac.main.JavaCompiler source: shared objects file (top)\n"},
	} {
		t.Run(language, func(t *testing.T) {
			result := j.Do(t.Context(), api.Request{Language: language, Source: tc.source})
			if result.Verdict != api.OK || result.Runs[0].Stdout != "42" {
				t.Fatalf("got %+v, compiled %.2000v", result, result.Compile)
			}
			if messages := result.Compile.Stdout + result.Compile.Stderr; !strings.Contains(messages, tc.message) {
				t.Errorf("the compiler does not report %q: use the flags of executor/toolchain/prepare.sh, or run hack/toolchains.sh. Its messages: %.3000s",
					tc.message, messages)
			}
		})
	}
}
