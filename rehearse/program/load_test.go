package program

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
)

func folder(files map[string]string) fstest.MapFS {
	result := fstest.MapFS{}
	for name, content := range files {
		result[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return result
}

func TestLoadPrograms(t *testing.T) {
	for name, tc := range map[string]struct {
		files map[string]string
		want  []Program
	}{
		"languages go by extension": {
			files: map[string]string{"a.c": "c", "b.cc": "cc", "c.py": "py", "a.out": "", "b.out": "", "c.out": ""},
			want: []Program{
				{Name: "a.c", Language: "c", Weight: 1, Source: "c", Verdict: api.OK, Stdout: []byte{}, HasStdout: true},
				{Name: "b.cc", Language: "cpp20", Weight: 1, Source: "cc", Verdict: api.OK, Stdout: []byte{}, HasStdout: true},
				{Name: "c.py", Language: "python3", Weight: 1, Source: "py", Verdict: api.OK, Stdout: []byte{}, HasStdout: true},
			},
		},
		"programs of one name share input and output": {
			files: map[string]string{"sum.c": "c", "sum.js": "js", "sum.in": "1 2", "sum.out": "3\n"},
			want: []Program{
				{Name: "sum.c", Language: "c", Weight: 1, Source: "c", Stdin: []byte("1 2"), Verdict: api.OK,
					Stdout: []byte("3\n"), HasStdout: true},
				{Name: "sum.js", Language: "javascript", Weight: 1, Source: "js", Stdin: []byte("1 2"), Verdict: api.OK,
					Stdout: []byte("3\n"), HasStdout: true},
			},
		},
		"a directive sets what the name does not say": {
			files: map[string]string{
				"slow.xyz": "#!x\n\n/* rehearse: weight=3 language=cpp20 verdict=TimeLimit wallMillis=500 memoryMiB=64 cpuMillis=9 */\n",
			},
			want: []Program{{
				Name: "slow.xyz", Language: "cpp20", Weight: 3, Verdict: api.TimeLimit,
				Source: "#!x\n\n/* rehearse: weight=3 language=cpp20 verdict=TimeLimit wallMillis=500 memoryMiB=64 cpuMillis=9 */\n",
				Limits: api.Limits{WallMillis: 500, MemoryMiB: 64, CPUMillis: 9},
			}},
		},
		"a directive past the fifth line is text": {
			files: map[string]string{"a.py": "\n\n\n\n\n# rehearse: weight=7\n", "a.out": ""},
			want: []Program{{Name: "a.py", Language: "python3", Weight: 1, Source: "\n\n\n\n\n# rehearse: weight=7\n",
				Verdict: api.OK, Stdout: []byte{}, HasStdout: true}},
		},
		"output before a failure is not compared": {
			files: map[string]string{"a.py": "# rehearse: verdict=RuntimeError", "a.out": "1"},
			want: []Program{{Name: "a.py", Language: "python3", Weight: 1, Source: "# rehearse: verdict=RuntimeError",
				Verdict: api.RuntimeError}},
		},
		"an extension names the language": {
			files: map[string]string{"a.rs": "fn main() {}", "a.out": ""},
			want: []Program{{Name: "a.rs", Language: "rust", Weight: 1, Source: "fn main() {}", Verdict: api.OK,
				Stdout: []byte{}, HasStdout: true}},
		},
		"folders, dot files and notes are passed over": {
			files: map[string]string{"..data/x.py": "", "more/y.py": "", ".hidden": "", "README.md": "", "a.go": "go", "a.out": ""},
			want: []Program{{Name: "a.go", Language: "go", Weight: 1, Source: "go", Verdict: api.OK,
				Stdout: []byte{}, HasStdout: true}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Load(folder(tc.files))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("programs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadRefusesWhatCannotBeJudged(t *testing.T) {
	for name, tc := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no expected output": {
			files: map[string]string{"a.py": ""},
			want:  "program a.py: a.out is missing",
		},
		"unknown extension": {
			files: map[string]string{"a.rb": "", "a.out": ""},
			want:  `program a.rb: no language goes with ".rb" (known: .c .cc .cpp .go .java .js .py .rs)`,
		},
		"stream without a program": {
			files: map[string]string{"a.py": "", "a.out": "", "b.in": ""},
			want:  "file b.in belongs to no program",
		},
		"unknown setting": {
			files: map[string]string{"a.py": "\n# rehearse: wieght=3", "a.out": ""},
			want:  `program a.py: line 2: setting "wieght" is not known: use weight`,
		},
		"setting without a value": {
			files: map[string]string{"a.py": "# rehearse: weight=", "a.out": ""},
			want:  `line 1: "weight=" is no setting`,
		},
		"negative weight": {
			files: map[string]string{"a.py": "# rehearse: weight=-1", "a.out": ""},
			want:  `"weight=-1": the value must be a whole number from 0 to 1000000000`,
		},
		"a limit of 0": {
			files: map[string]string{"a.py": "# rehearse: wallMillis=0", "a.out": ""},
			want:  `"wallMillis=0": the value must be a whole number from 1`,
		},
		"a verdict that is the fleet's fault": {
			files: map[string]string{"a.py": "# rehearse: verdict=InternalError", "a.out": ""},
			want:  `verdict "InternalError" is none of [OK CompileError`,
		},
		"nothing to submit": {
			files: map[string]string{"a.py": "# rehearse: weight=0", "a.out": ""},
			want:  "no program to submit: add a source",
		},
		"every problem at once": {
			files: map[string]string{"a.py": "", "b.py": ""},
			want:  "(an empty file when it prints nothing)\nprogram b.py: b.out is missing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(folder(tc.files))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one that says %q", err, tc.want)
			}
		})
	}
}
