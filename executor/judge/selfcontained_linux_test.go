package judge

import (
	"context"
	"testing"

	"executorpool.dev/executor/api"
)

// TestSelfContainedProgramsReachOnlyTheirFiles compares what a program in C and one in Python can
// reach of the image.
func TestSelfContainedProgramsReachOnlyTheirFiles(t *testing.T) {
	const source = `#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main() {
	char *paths[] = {"/usr/include/stdio.h", "/etc/passwd", "/proc/cpuinfo", "/usr/bin/python3",
		"/etc/localtime", "/usr/share/zoneinfo/UTC", "/dev/null"};
	for (int i = 0; i < sizeof paths / sizeof *paths; i++)
		puts(fopen(paths[i], "r") || errno != EACCES ? "open" : "closed");
	execl("/bin/sh", "sh", "-c", "echo started", NULL);
	puts(errno == EACCES ? "no shell" : strerror(errno));
	setlocale(LC_ALL, "C.UTF-8");
	printf("%d\n", (int)mbstowcs(NULL, "\303\251", 0));
	FILE *own = fopen("own", "w+");
	puts(own ? "writes" : "does not write");
}`
	python := "for p in '/usr/include/stdio.h', '/etc/passwd', '/proc/cpuinfo', '/usr/bin/python3': open(p, 'rb')\n" +
		"import subprocess; print(subprocess.run(['/bin/sh', '-c', 'echo started'], capture_output=True).stdout)"
	j := newJudge(t)
	for language, tc := range map[string]struct{ source, want string }{
		"c":       {source, "closed\nclosed\nclosed\nclosed\nopen\nopen\nopen\nno shell\n1\nwrites\n"},
		"python3": {python, "b'started\\n'\n"},
	} {
		r := j.Do(context.Background(), api.Request{Language: language, Source: tc.source})
		if r.Verdict != api.OK || r.Runs[0].Stdout != tc.want {
			t.Errorf("%s: got %+v, want %q", language, r, tc.want)
		}
	}
}
