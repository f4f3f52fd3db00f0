package judge

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/cache"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/toolchain"
)

// newCachingJudges returns two slots that share a compile cache, like slots of two workers.
func newCachingJudges(t testing.TB) (first, second *Judge, cacheDir string) {
	t.Helper()
	table, err := toolchain.Load("../toolchain/languages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	scratch := t.TempDir()
	cacheDir = filepath.Join(scratch, "cache")
	judges := make([]*Judge, 2)
	for i, name := range []string{"one", "other"} {
		compileCache, err := cache.Open(cacheDir, 64<<20)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(scratch, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		j, err := New(Config{Table: table, Dir: dir, Limits: poolLimits(), Tier: sandbox.Restricted, Cache: compileCache})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := j.Close(); err != nil {
				t.Error(err)
			}
			compileCache.Close()
		})
		judges[i] = j
	}
	return judges[0], judges[1], cacheDir
}

func TestSecondSubmissionIsNotCompiled(t *testing.T) {
	first, second, _ := newCachingJudges(t)
	for language, source := range addPrograms() {
		t.Run(language, func(t *testing.T) {
			request := api.Request{Language: language, Source: source, Stdin: "19 23\n"}
			for i, j := range []*Judge{first, second, first} {
				result := j.Do(t.Context(), request)
				if result.Verdict != api.OK || result.Runs[0].Stdout != "42\n" {
					t.Fatalf("submission %d: %+v, compiled %+v", i, result, result.Compile)
				}
				if result.Compile != nil && result.Compile.Cached != (i > 0) {
					t.Errorf("submission %d: cached is %v", i, result.Compile.Cached)
				}
			}
		})
	}
}

func TestOtherSubmissionsAreCompiled(t *testing.T) {
	j, _, _ := newCachingJudges(t)
	hello := api.File{Name: "main.c", Content: "#include \"said.h\"\n#include <stdio.h>\nint main(){puts(SAID);}"}
	header := func(what string) api.File {
		return api.File{Name: "said.h", Content: "#define SAID \"" + what + "\"\n"}
	}
	warns := api.File{Name: "said.h", Content: "#warning careful\n#define SAID \"warned\"\n"}
	for i, tc := range []struct {
		request api.Request
		cached  bool
		stdout  string
	}{
		{api.Request{Language: "c", Files: []api.File{hello, header("a")}}, false, "a\n"},
		{api.Request{Language: "c", Files: []api.File{hello, header("b")}}, false, "b\n"},
		{api.Request{Language: "c", Files: []api.File{hello, header("a")}}, true, "a\n"},
		{api.Request{Language: "c", Files: []api.File{hello, warns}}, false, "warned\n"},
		{api.Request{Language: "c", Files: []api.File{hello, warns}}, true, "warned\n"},
		{api.Request{Language: "c", Files: []api.File{hello}}, false, ""},
		{api.Request{Language: "c", Files: []api.File{hello}}, false, ""},
	} {
		result := j.Do(t.Context(), tc.request)
		stdout := ""
		if len(result.Runs) > 0 {
			stdout = result.Runs[0].Stdout
		}
		if result.Compile.Cached != tc.cached || stdout != tc.stdout {
			t.Errorf("submission %d: cached %v, output %q; want %v, %q", i, result.Compile.Cached, stdout, tc.cached, tc.stdout)
		}
		if tc.stdout == "warned\n" && result.Compile.Stderr == "" {
			t.Errorf("submission %d: the compiler's warning is lost", i)
		}
	}
}

// TestRunCannotPoisonTheCache runs a program that tries to change the cached program of its own
// source.
func TestRunCannotPoisonTheCache(t *testing.T) {
	first, second, cacheDir := newCachingJudges(t)
	source := `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>
static int broken;
static void must_fail(int failed, const char *what) { if (!failed) { printf("could %s\n", what); broken = 1; } }
int main(int argc, char **argv) {
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n < 0) n = 0;
	self[n] = 0;
	if (!n) snprintf(self, sizeof self, "%s", argv[0]);
	must_fail(open(self, O_WRONLY) < 0, "open itself for writing");
	must_fail(open(self, O_RDWR | O_TRUNC) < 0, "truncate itself by opening");
	must_fail(truncate(self, 0) < 0, "truncate itself");
	must_fail(chmod(self, 0) < 0, "change its mode");
	must_fail(syscall(452, AT_FDCWD, self, 0, 0) < 0, "change its mode by fchmodat2");
	must_fail(unlink(self) < 0, "remove itself");
	must_fail(rename(self, "taken") < 0, "move itself");
	must_fail(link(self, "linked") < 0, "link itself");
	must_fail(rename("/dev/null", self) < 0, "replace itself");
	int fd = open(self, O_RDONLY);
	must_fail(fd >= 0, "be refused to read itself: expected");
	if (fd >= 0) {
		must_fail(fchmod(fd, 0) < 0, "change its mode by descriptor");
		must_fail(fsetxattr(fd, "user.x", "y", 1, 0) < 0, "set an attribute");
		must_fail(ftruncate(fd, 0) < 0, "truncate by descriptor");
		must_fail(write(fd, "x", 1) < 0, "write by descriptor");
	}
	must_fail(open(argv[1], O_RDONLY | O_DIRECTORY) < 0, "list the cache");
	must_fail(mkdir("../../cache/planted", 0700) < 0, "plant an entry");
	must_fail(symlink("/etc/passwd", "../../cache/planted") < 0, "plant a link");
	puts(broken ? "broken" : "held");
}`
	for i, j := range []*Judge{first, second, first} {
		result := j.Do(t.Context(), api.Request{Language: "c", Source: source, Args: []string{cacheDir}})
		if result.Verdict != api.OK || result.Runs[0].Stdout != "held\n" || result.Compile.Cached != (i > 0) {
			t.Errorf("submission %d: %+v, compiled %+v", i, result, result.Compile)
		}
	}
}

// TestBadArtifactsAreNotCached uses compilers that leave something other than a regular file.
func TestBadArtifactsAreNotCached(t *testing.T) {
	for name, script := range map[string]string{
		"symbolic link": "ln -s /etc/passwd main", "FIFO": "mkfifo main", "directory": "mkdir main", "hard link": "echo x > other; ln other main",
	} {
		t.Run(name, func(t *testing.T) {
			table, err := toolchain.Load(tableWith(t, script))
			if err != nil {
				t.Fatal(err)
			}
			j, _, cacheDir := newCachingJudges(t)
			j.config.Table = table
			for range 2 {
				result := j.Do(t.Context(), api.Request{Language: "leaves", Source: "x"})
				if result.Verdict != api.CompileError || result.Compile.Cached {
					t.Errorf("got %+v, compiled %+v", result, result.Compile)
				}
			}
			if left, err := os.ReadDir(cacheDir); err != nil || len(left) > 0 {
				t.Errorf("the cache holds %v (%v)", left, err)
			}
		})
	}
}

// tableWith writes a language table whose one compiler is a shell script.
func tableWith(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "languages.yaml")
	content := `languages:
  - id: leaves
    name: Leaves
    sourceFile: main.x
    version: [/bin/true]
    compile: {command: [/bin/sh, -c, "` + script + `"], artifacts: [main]}
    run: {command: ["{store}/main"]}
`
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestNextSubmissionFindsItsProgram runs submissions without a pause between them. The program in
// the store must serve the next submission of the same source, and no other.
func TestNextSubmissionFindsItsProgram(t *testing.T) {
	j, _, _ := newCachingJudges(t)
	waiting := true
	j.config.HasNext = func() bool { return waiting }
	prints := func(what string) api.Request {
		return api.Request{Language: "c", Source: "#include <stdio.h>\nint main(){puts(\"" + what + "\");}"}
	}
	python := func(what string) api.Request {
		return api.Request{Language: "python3", Source: "print('" + what + "')"}
	}
	store := j.slot.Store.Path()
	for i, tc := range []struct {
		request api.Request
		stdout  string
		last    bool   // no submission waits after it
		stays   string // the names that the store holds afterwards
		same    bool   // the files in the store are those of the submission before
	}{
		{request: prints("a"), stdout: "a\n"}, // what has just been compiled does not stay
		{request: prints("a"), stdout: "a\n", stays: "main"},
		{request: prints("a"), stdout: "a\n", stays: "main", same: true},
		{request: prints("b"), stdout: "b\n"},
		{request: prints("a"), stdout: "a\n", stays: "main"},
		{request: python("c"), stdout: "c\n", stays: "main.py"},
		{request: python("c"), stdout: "c\n", stays: "main.py", same: true},
		{request: python("d"), stdout: "d\n", stays: "main.py"},
		{request: prints("b"), stdout: "b\n", stays: "main"},
		{request: api.Request{Language: "c", Source: "int main("}},
		{request: prints("b"), stdout: "b\n", stays: "main"},
		{request: prints("b"), stdout: "b\n", last: true},
		{request: python("d"), stdout: "d\n", last: true},
	} {
		before, _ := changed(t, store)
		waiting = !tc.last
		result := j.Do(t.Context(), tc.request)
		stdout := ""
		if len(result.Runs) > 0 {
			stdout = result.Runs[0].Stdout
		}
		if stdout != tc.stdout {
			t.Errorf("submission %d printed %q, want %q: %+v", i, stdout, tc.stdout, result)
		}
		after, names := changed(t, store)
		if want := strings.Fields(tc.stays); !slices.Equal(names, want) {
			t.Errorf("submission %d left %v in the store, want %v", i, names, want)
		}
		if same := len(after) > 0 && slices.Equal(before, after); same != tc.same {
			t.Errorf("submission %d found its program as it was: %v, want %v", i, same, tc.same)
		}
	}
	waiting = true
	j.Do(t.Context(), python("e"))
	waiting = false
	j.RemoveResidue()
	if _, names := changed(t, store); len(names) > 0 {
		t.Errorf("at rest the store holds %v", names)
	}
}

// changed returns the names in a directory and the time of the last change of each.
func changed(t *testing.T, dir string) (times []unix.Timespec, names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		var stat unix.Stat_t
		if err := unix.Lstat(filepath.Join(dir, entry.Name()), &stat); err != nil {
			t.Fatal(err)
		}
		times, names = append(times, stat.Ctim), append(names, entry.Name())
	}
	return times, names
}
