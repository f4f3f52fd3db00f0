package judge

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/toolchain"
	"executorpool.dev/test/attacks"
)

// TestCompilerAttackSucceedsWithoutItsProtection removes from each attack on a compiler what stops
// it, a protection of the sandbox or a setting of the language table. The attack must then succeed.
func TestCompilerAttackSucceedsWithoutItsProtection(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, content := range map[string]string{"secret": "contents_of_another", "Evil.java": processor} {
		if err := os.WriteFile(at(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("/usr/bin/javac", "-proc:none", "-d", dir, at("Evil.java")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	class, err := os.ReadFile(at("Evil.class"))
	if err != nil {
		t.Fatal(err)
	}
	original, err := os.ReadFile("../toolchain/languages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c := func(text string) api.Request { return api.Request{Language: "c", Source: text} }
	for name, tc := range map[string]struct {
		request api.Request
		without sandbox.Protection
		// change is a setting of the language table and its replacement.
		change []string
		// small gives compilers little memory, so that a small bomb suffices.
		small bool
		// stopped and succeeds are parts of the messages with and without the protection. A bomb
		// without messages succeeds if the compiler ends normally.
		stopped, succeeds string
		verdict           api.Verdict // with the protection
	}{
		"include another's file": {request: c(attacks.Include(at("secret"))), without: sandbox.FileRules,
			stopped: "Permission denied", succeeds: "contents_of_another", verdict: api.CompileError},
		"include an endless device": {request: c(attacks.Include("/dev/zero")), without: sandbox.FileRules, small: true,
			stopped: "Permission denied", succeeds: "memory", verdict: api.CompileError},
		"embed another's file": {request: c(attacks.Embed(at("secret"))), without: sandbox.FileRules,
			stopped: "file not found", succeeds: "contents_of_another", verdict: api.CompileError},
		"embed another's file in Rust": {request: api.Request{Language: "rust", Source: attacks.EmbedRust(at("secret"))}, without: sandbox.FileRules,
			stopped: "Permission denied", succeeds: "contents_of_another", verdict: api.CompileError},
		"embed another slot": {request: c(attacks.Embed("../../other/box/main.c")), without: sandbox.FileRules,
			stopped: "file not found", succeeds: "another's submission", verdict: api.CompileError},
		"include another's file by cgo": {request: api.Request{Language: "go", Source: "package main\n\n// #include \"" + at("secret") + "\"\nimport \"C\"\n\nfunc main() {}"},
			without: sandbox.FileRules, stopped: "Permission denied", succeeds: "contents_of_another", verdict: api.CompileError},
		"macro bomb": {request: c(attacks.MacroBomb(9)), without: sandbox.TreeLimits | sandbox.ResourceLimits, small: true,
			stopped: "memory", verdict: api.CompileError},
		"template bomb": {request: api.Request{Language: "cpp17", Source: attacks.TemplateBomb(500_000)}, small: true,
			without: sandbox.TreeLimits | sandbox.ResourceLimits, stopped: "memory", verdict: api.CompileError},
		"static memory": {request: api.Request{Language: "c", Limits: api.Limits{MemoryMiB: 48}, Source: "#include <stdio.h>\n" +
			"char big[128 << 20];\nint main(void) { for (long i = 0; i < sizeof big; i += 4096) big[i] = 1; puts(\"has it\"); }"},
			without: sandbox.TreeLimits | sandbox.ResourceLimits, stopped: "killed by the executor", succeeds: "has it\n", verdict: api.MemoryLimit},
		"cgo flags": {request: api.Request{Language: "go", Source: attacks.CgoFlags}, change: []string{`CGO_ENABLED: "1"`, `CGO_ENABLED: "1", CGO_CFLAGS_ALLOW: ".*"`},
			stopped: "invalid flag in #cgo CFLAGS", succeeds: "cannot load plugin", verdict: api.CompileError},
		// The processor is compiled already. A file that registers it would need a directory, which
		// requests cannot have.
		"annotation processor": {request: api.Request{Language: "java", Files: []api.File{{Name: "Main.java", Content: annotated},
			{Name: "Evil.class", Content: base64.StdEncoding.EncodeToString(class), Encoding: api.Base64}}},
			change: []string{"-proc:none", "-processor, Evil"}, succeeds: "the processor runs", verdict: api.OK},
	} {
		t.Run(name, func(t *testing.T) {
			for _, protected := range []bool{true, false} {
				table, without := string(original), sandbox.Protection(0)
				if tc.small {
					table = strings.NewReplacer("      artifacts: [main]\n", "      artifacts: [main]\n      limits: {memoryMiB: 64, cpuMillis: 4000}\n").Replace(table)
				}
				if !protected {
					without = tc.without
					if tc.change != nil {
						table = strings.Replace(table, tc.change[0], tc.change[1], 1)
					}
				}
				result := attackedJudge(t, table, without).Do(t.Context(), tc.request)
				messages := result.Compile.Stdout + result.Compile.Stderr + result.Compile.Cause + result.Cause
				for _, run := range result.Runs {
					messages += run.Stdout + run.Cause
				}
				want := tc.succeeds
				if protected {
					want = tc.stopped
					if result.Verdict != tc.verdict {
						t.Errorf("verdict %s, want %s", result.Verdict, tc.verdict)
					}
				}
				if !strings.Contains(messages, want) {
					t.Errorf("protected %v: verdict %s, messages %.600q; want %q", protected, result.Verdict, messages, want)
				}
				if protected && tc.succeeds != "" && tc.succeeds != "memory" && strings.Contains(messages, tc.succeeds) {
					t.Errorf("it succeeds: %.600q", messages)
				}
				if ended := result.Compile.ExitCode == 0; tc.succeeds == "" && ended == protected {
					t.Errorf("protected %v: the compiler ended with %d, messages %.600q", protected, result.Compile.ExitCode, messages)
				}
			}
		})
	}
}

const annotated = "@Deprecated public class Main { public static void main(String[] args) { System.out.println(1); } }"

// processor prints a message when it runs.
const processor = `
import java.util.Set;
import javax.annotation.processing.*;
import javax.lang.model.element.TypeElement;
import javax.tools.Diagnostic;

@SupportedAnnotationTypes("*")
public class Evil extends AbstractProcessor {
	public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
		processingEnv.getMessager().printMessage(Diagnostic.Kind.WARNING, "the processor runs");
		return false;
	}
}`

// attackedJudge returns a judge with the table and without the protections, beside another slot
// that holds a submission.
func attackedJudge(t *testing.T, languages string, without sandbox.Protection) *Judge {
	t.Helper()
	scratch := t.TempDir()
	file := filepath.Join(scratch, "languages.yaml")
	if err := os.WriteFile(file, []byte(languages), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := toolchain.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"own", "other/box"} {
		if err := os.MkdirAll(filepath.Join(scratch, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(scratch, "other/box/main.c"), []byte("another's submission"), 0o600); err != nil {
		t.Fatal(err)
	}
	j := &Judge{config: Config{Table: table, Dir: filepath.Join(scratch, "own"), Limits: poolLimits(), Tier: sandbox.Restricted}}
	j.slot, err = sandbox.NewSlot(j.config.slot(without))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}
