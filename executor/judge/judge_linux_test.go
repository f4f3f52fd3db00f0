package judge

import (
	"context"
	"os"
	"testing"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/toolchain"
)

func TestMain(m *testing.M) {
	if err := sandbox.Init(); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func poolLimits() sandbox.Limits {
	return sandbox.Limits{CPU: 10 * time.Second, Wall: 60 * time.Second, Memory: 256 << 20, Output: 64 << 10, Processes: 64, Disk: 64 << 20}
}

func newJudge(t testing.TB) *Judge {
	t.Helper()
	return newJudgeOf(t, sandbox.Restricted)
}

func newJudgeOf(t testing.TB, tier sandbox.Tier) *Judge {
	t.Helper()
	table, err := toolchain.Load("../toolchain/languages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	j, err := New(Config{Table: table, Dir: t.TempDir(), Limits: poolLimits(), Tier: tier})
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

// addPrograms are programs, by language, that read two numbers and print their sum.
var addPrograms = map[string]string{
	"c":          "#include <stdio.h>\nint main(){int a,b;scanf(\"%d %d\",&a,&b);printf(\"%d\\n\",a+b);}",
	"cpp17":      "#include <iostream>\nint main(){int a,b;std::cin>>a>>b;std::cout<<a+b<<std::endl;}",
	"cpp20":      "#include <iostream>\nint main(){int a,b;std::cin>>a>>b;std::cout<<a+b<<std::endl;}",
	"python3":    "print(sum(map(int,input().split())))",
	"java":       "public class Main{public static void main(String[] x){var s=new java.util.Scanner(System.in);System.out.println(s.nextInt()+s.nextInt());}}",
	"go":         "package main\nimport \"fmt\"\nfunc main(){var a,b int;fmt.Scan(&a,&b);fmt.Println(a+b)}",
	"javascript": "const [a,b]=require('fs').readFileSync(0,'utf8').split(' ').map(Number);console.log(a+b)",
}

func TestLanguagesAddTwoNumbers(t *testing.T) {
	for _, tier := range []sandbox.Tier{sandbox.Restricted, sandbox.RestrictedLegacy, sandbox.None} {
		t.Run(tier.String(), func(t *testing.T) { addTwoNumbers(t, newJudgeOf(t, tier)) })
	}
}

func addTwoNumbers(t *testing.T, j *Judge) {
	for language, source := range addPrograms {
		t.Run(language, func(t *testing.T) {
			r := j.Do(context.Background(), api.Request{Language: language, Source: source,
				Runs: []api.RunInput{{Stdin: "1 2"}, {Stdin: "40 2"}}})
			if r.Compile != nil {
				t.Logf("compile: cpu %d wall %d mem %d", r.Compile.CPUMillis, r.Compile.WallMillis, r.Compile.MemoryKiB)
			}
			if r.Verdict != api.OK || len(r.Runs) != 2 || r.Runs[0].Stdout != "3\n" || r.Runs[1].Stdout != "42\n" {
				t.Fatalf("got %+v %+v", r, r.Compile)
			}
			t.Logf("run: cpu %d wall %d mem %d", r.Runs[1].CPUMillis, r.Runs[1].WallMillis, r.Runs[1].MemoryKiB)
		})
	}
}
