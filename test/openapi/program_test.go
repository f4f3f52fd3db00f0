package openapi

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
)

// TestProgramsFindWhatThePageHas runs programs that try each row of the page's table "What a
// program may do and find".
func TestProgramsFindWhatThePageHas(t *testing.T) {
	inC := []string{
		"stack: 256",
		"/etc/localtime: read", "/usr/share/zoneinfo: read", "/usr/lib/locale: read",
		"/etc: refused", "/etc/passwd: refused", "/etc/group: refused", "/etc/nsswitch.conf: refused",
		"/usr/lib/os-release: refused", "/usr/bin: refused", "/lib: refused",
		"/proc/cpuinfo: refused", "/proc/meminfo: refused", "/proc/stat: refused", "/sys/devices/system/cpu: refused",
		"/dev/null: read", "/dev/full: read", "/dev/random: read", "/dev/urandom: read", "/dev/zero: refused",
		"/dev/shm: refused", "/tmp: refused", "/var: refused", "main.c: refused",
		"user: none", "group: none", "/bin/true: refused",
	}
	for name, tc := range map[string]struct {
		language, file string
		want           []string
	}{
		"Python": {"python3", "testdata/found.py", []string{
			"working directory: []", "file in the working directory: written", "home: True", "temporary directory: True",
			"/tmp: refused", "/var: refused", "/dev/shm: refused", "/etc: refused", "/proc/self: refused", "/home: refused",
			"source: True", "write beside the source: refused",
			"/usr: True", "/usr/lib: True", "/usr/bin: True", "/lib: True", "/bin: True", "/sys/devices/system/cpu: True",
			"/etc/localtime: True", "/etc/passwd: True", "/etc/group: True", "/proc/cpuinfo: True", "/proc/meminfo: True", "/proc/stat: True",
			"/proc/version: refused", "/sys/kernel/osrelease: refused", "/etc/shadow: refused", "/etc/hostname: refused",
			"/dev/null: True", "/dev/full: True", "/dev/random: True", "/dev/urandom: True", "/dev/zero: refused",
			"environment: HOME LANG PATH TMPDIR", "stdin: ''", "terminal: False", "thread: ran", "child: ran",
			"open files: 128", "stack: 64", "core dumps: 0",
			"AF_INET: refused", "AF_INET6: refused", "AF_UNIX: refused", "socket pair: 2",
			"shared memory: refused", "memfd: refused", "multiprocessing: refused",
			"signal to itself: None", "signal to the parent: refused", "chmod: refused", "setsid: refused",
		}},
		"C":   {"c", "testdata/found.c", inC},
		"C++": {"cpp17", "testdata/found.c", inC},
		"Rust": {"rust", "testdata/found.rs", []string{
			"/etc/localtime: read", "/usr/share/zoneinfo: read", "/usr/lib/locale: read",
			"/etc: refused", "/etc/passwd: refused", "/etc/group: refused", "/usr/lib/os-release: refused", "/usr/bin: refused",
			"/proc/cpuinfo: refused", "/sys/devices/system/cpu: refused", "/dev/urandom: read", "main.rs: refused",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			source, err := os.ReadFile(tc.file)
			if err != nil {
				t.Fatal(err)
			}
			// Two runs: the second finds nothing of the first.
			submission := api.Request{Language: tc.language, Source: string(source), Runs: make([]api.RunInput, 2)}
			body := ask(t, parse(t, api.OpenAPI), defaults.url, executePath, http.MethodPost, encode(t, submission)).body
			var result api.Result
			if err := json.Unmarshal(body, &result); err != nil || len(result.Runs) != 2 {
				t.Fatalf("%v: %s", err, body)
			}
			for _, run := range result.Runs {
				if diff := cmp.Diff(tc.want, strings.Split(strings.TrimSpace(run.Stdout), "\n")); diff != "" || run.Verdict != api.OK {
					t.Errorf("verdict %s, stderr %s, stdout (-page +program):\n%s", run.Verdict, run.Stderr, diff)
				}
			}
		})
	}
}
