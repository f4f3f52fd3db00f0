package judge

import (
	"context"
	"strings"
	"testing"
	"time"

	"executorpool.dev/executor/api"
)

// TestSubmissionGetsItsVerdict checks the verdicts of common faults, in the languages in which they
// differ.
func TestSubmissionGetsItsVerdict(t *testing.T) {
	type want struct {
		verdict api.Verdict
		cause   string // part of the cause of the deciding stage, or of its stderr
	}
	limits := api.Limits{CPUMillis: 2000, MemoryMiB: 128, OutputKiB: 4, Processes: 8}
	tcs := map[string]struct {
		language, source string
		want             want
	}{
		"c does not compile":         {"c", "int main(){return x;}", want{api.CompileError, "undeclared"}},
		"java does not compile":      {"java", "public class Main{void f(){x;}}", want{api.CompileError, "error"}},
		"java has no main class":     {"java", "class Other{}", want{api.CompileError, "no file Main.class"}},
		"go does not compile":        {"go", "package main\nfunc main(){x}", want{api.CompileError, "undefined"}},
		"compiler reads no device":   {"c", "#include \"/dev/zero\"\nint main(){}", want{api.CompileError, "/dev/zero"}},
		"compiler reads no secret":   {"c", "#include \"/etc/shadow\"\nint main(){}", want{api.CompileError, "/etc/shadow"}},
		"c exits with a code":        {"c", "int main(){return 3;}", want{api.RuntimeError, ""}},
		"c crashes":                  {"c", "int main(){*(volatile int*)0=1;}", want{api.RuntimeError, "SIGSEGV"}},
		"c has too much static data": {"c", "char a[2000000000];int main(){a[5]=1;return a[7];}", want{api.MemoryLimit, "static data"}},
		"cpp allocates":              {"cpp17", "#include <vector>\nint main(){std::vector<std::vector<char>> v;for(;;)v.emplace_back(1<<20,1);}", want{api.MemoryLimit, "memory limit"}},
		"cpp throws":                 {"cpp17", "int main(){throw 1;}", want{api.RuntimeError, "SIGABRT"}},
		"python fails":               {"python3", "1/0", want{api.RuntimeError, "ZeroDivisionError"}},
		"python has a wrong syntax":  {"python3", "def", want{api.RuntimeError, "SyntaxError"}},
		"python spins":               {"python3", "while True: pass", want{api.TimeLimit, "cpu limit 2000 ms, killed by the executor"}},
		"python allocates":           {"python3", "a=[]\nwhile True: a.append(bytearray(1<<20))", want{api.MemoryLimit, "memory limit"}},
		"python floods":              {"python3", "while True: print('x'*1000)", want{api.OutputLimit, "output limit 4 KiB on stdout"}},
		"python starts processes":    {"python3", "import os,time\nfor i in range(20):\n  if os.fork()==0: time.sleep(9)\ntime.sleep(9)", want{api.ProcessLimit, "limit of 8 processes"}},
		"java allocates":             {"java", "public class Main{public static void main(String[] a){var l=new java.util.ArrayList<byte[]>();for(;;)l.add(new byte[1<<20]);}}", want{api.MemoryLimit, "OutOfMemoryError"}},
		"java throws":                {"java", "public class Main{public static void main(String[] a){throw new RuntimeException(\"no\");}}", want{api.RuntimeError, "RuntimeException"}},
		"go panics":                  {"go", "package main\nfunc main(){panic(1)}", want{api.RuntimeError, "panic"}},
		"go allocates":               {"go", "package main\nfunc main(){var a [][]byte;for{b:=make([]byte,1<<20);for i:=range b{b[i]=1};a=append(a,b)}}", want{api.MemoryLimit, "memory limit"}},
		"javascript throws":          {"javascript", "null.x", want{api.RuntimeError, "TypeError"}},
		"javascript allocates":       {"javascript", "const a=[];for(;;)a.push(new Array(1<<16).fill(1.5))", want{api.MemoryLimit, "memory"}},
	}
	j := newJudge(t)
	for name, tc := range tcs {
		t.Run(name, func(t *testing.T) {
			r := j.Do(context.Background(), api.Request{Language: tc.language, Source: tc.source, Limits: limits})
			stage := r.Compile
			if len(r.Runs) > 0 {
				stage = &r.Runs[0]
			}
			if stage == nil {
				t.Fatalf("no stage: %+v", r)
			}
			if r.Verdict != tc.want.verdict || !strings.Contains(stage.Cause+stage.Stderr, tc.want.cause) {
				t.Errorf("got %s (cause %q, exit code %d, stderr %.300q), want %+v", r.Verdict, stage.Cause, stage.ExitCode, stage.Stderr, tc.want)
			}
			t.Logf("%s %q cpu %d ms wall %d ms memory %d KiB", r.Verdict, stage.Cause, stage.CPUMillis, stage.WallMillis, stage.MemoryKiB)
		})
	}
}

// TestShortRunsKeepTheirLimits runs programs that exceed a limit and end before the first sample of
// the monitor.
func TestShortRunsKeepTheirLimits(t *testing.T) {
	take := "#include <stdlib.h>\nint main(){volatile char*p=malloc(40<<20);for(int i=0;i<40<<20;i+=4096)p[i]=1;}"
	spin := "#include <time.h>\nint main(){while(clock()<CLOCKS_PER_SEC*8/1000);}"
	tcs := map[string]struct {
		source string
		limits api.Limits
		want   api.Verdict
	}{
		"memory":          {take, api.Limits{MemoryMiB: 16}, api.MemoryLimit},
		"CPU time":        {spin, api.Limits{CPUMillis: 4}, api.TimeLimit},
		"CPU time enough": {spin, api.Limits{CPUMillis: 1000}, api.OK},
	}
	j := newJudge(t)
	for name, tc := range tcs {
		t.Run(name, func(t *testing.T) {
			r := j.Do(context.Background(), api.Request{Language: "c", Source: tc.source, Limits: tc.limits})
			if r.Verdict != tc.want || len(r.Runs) != 1 {
				t.Fatalf("got %+v, want %s", r, tc.want)
			}
			run := r.Runs[0]
			t.Logf("%q cpu %d ms wall %d ms memory %d KiB", run.Cause, run.CPUMillis, run.WallMillis, run.MemoryKiB)
		})
	}
}

func TestSubmissionEndsAtPoolTimeout(t *testing.T) {
	j := newJudge(t)
	timeout := 500 * time.Millisecond
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	begin := time.Now()
	r := j.Do(ctx, api.Request{Language: "python3", Source: "import time\ntime.sleep(30)", Runs: make([]api.RunInput, 3)})
	if late := time.Since(begin) - timeout; late > 200*time.Millisecond {
		t.Errorf("answered %v after the timeout", late)
	}
	if r.Verdict != api.TimeLimit || len(r.Runs) != 1 || !strings.Contains(r.Runs[0].Cause, "pool timeout") {
		t.Errorf("got %+v", r)
	}
}

func TestSubmissionEndsWhenCancelled(t *testing.T) {
	j := newJudge(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := j.Do(ctx, api.Request{Language: "python3", Source: "import time\ntime.sleep(30)"})
	if r.Verdict != api.InternalError || !strings.Contains(r.Cause, "cancelled") {
		t.Errorf("got %+v", r)
	}
}

func TestStopFirstEndsAtFailure(t *testing.T) {
	j := newJudge(t)
	req := api.Request{Language: "python3", Source: "import sys\nsys.exit(int(input()))",
		Runs: []api.RunInput{{Stdin: "0"}, {Stdin: "4"}, {Stdin: "0"}}, StopOnFailure: api.StopFirst}
	if r := j.Do(context.Background(), req); r.Verdict != api.RuntimeError || len(r.Runs) != 2 || r.Runs[1].ExitCode != 4 {
		t.Errorf("got %+v", r)
	}
	req.StopOnFailure = api.StopNever
	if r := j.Do(context.Background(), req); r.Verdict != api.RuntimeError || len(r.Runs) != 3 || r.Runs[2].Verdict != api.OK {
		t.Errorf("got %+v", r)
	}
}

// TestRunFindsNoResidue checks that runs and submissions find no files of earlier ones.
func TestRunFindsNoResidue(t *testing.T) {
	j := newJudge(t)
	source := "import os\nprint(os.listdir('.'))\nopen('left','w').write('x')\nos.mkdir('d'); os.chdir('d'); open('e','w')\n" +
		"try: open(__file__,'a')\nexcept OSError as e: print(e.errno)"
	for range 2 {
		r := j.Do(context.Background(), api.Request{Language: "python3", Source: source, Runs: make([]api.RunInput, 2)})
		for _, run := range r.Runs {
			if run.Stdout != "[]\n13\n" {
				t.Errorf("got %q, stderr %q; want an empty directory and a store that cannot be written", run.Stdout, run.Stderr)
			}
		}
	}
}

func TestOutputCarriesBytes(t *testing.T) {
	j := newJudge(t)
	req := api.Request{Language: "python3", Source: "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())"}
	for encoding, tc := range map[api.Encoding]struct{ in, out string }{
		api.Base64: {"AP/+Cg==", "AP/+Cg=="},
		api.UTF8:   {"a\x00\xff\xfeé", "a\x00\uFFFD\uFFFDé"},
	} {
		req.Encoding, req.Stdin = encoding, tc.in
		if r := j.Do(context.Background(), req); r.Verdict != api.OK || r.Runs[0].Stdout != tc.out {
			t.Errorf("%s: got %+v, want %q", encoding, r, tc.out)
		}
	}
}
