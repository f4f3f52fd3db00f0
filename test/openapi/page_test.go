package openapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/settings"
)

// pageURL is the address that the page's examples use.
const pageURL = "http://localhost:8000"

func readPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/http-api.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// block is a fenced block of a Markdown page.
type block struct{ language, text string }

func blocks(page string) (found []block) {
	var open *block
	for line := range strings.Lines(page) {
		language, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &block{language: strings.TrimSpace(language)}
		case fence:
			found, open = append(found, *open), nil
		case open != nil:
			open.text += line
		}
	}
	return found
}

// commands are how a block in a language runs, from the top folder of the repository.
var commands = map[string]struct {
	file string
	argv []string
}{
	"sh":         {"example.sh", []string{"sh", "-e"}},
	"python":     {"example.py", []string{"python3"}},
	"javascript": {"example.mjs", []string{"node"}},
	"go":         {"example.go", []string{"go", "run"}},
}

// TestPageExamplesRun runs each program on the page against an executor. The block after a program
// is its output.
func TestPageExamplesRun(t *testing.T) {
	all := blocks(readPage(t))
	ran := map[string]int{}
	for i, program := range all {
		command, ok := commands[program.language]
		if !ok {
			continue
		}
		ran[program.language]++
		t.Run(fmt.Sprintf("%s %d", program.language, ran[program.language]), func(t *testing.T) {
			if i+1 == len(all) || all[i+1].language != "text" && all[i+1].language != "json" {
				t.Fatal("no block with the output follows the program")
			}
			file := filepath.Join(t.TempDir(), command.file)
			if !strings.Contains(program.text, pageURL) {
				t.Fatalf("the program does not use %s", pageURL)
			}
			if err := os.WriteFile(file, []byte(strings.ReplaceAll(program.text, pageURL, defaults.url)), 0o600); err != nil {
				t.Fatal(err)
			}
			run := exec.CommandContext(t.Context(), command.argv[0], append(command.argv[1:], file)...)
			run.Dir = "../.."
			var problems strings.Builder
			run.Stderr = &problems
			output, err := run.Output()
			if err != nil {
				t.Fatalf("%v: %s (hack/toolchains.sh installs what the page's programs need)", err, problems.String())
			}
			compareOutput(t, all[i+1], output)
		})
	}
	for language := range commands {
		if ran[language] == 0 {
			t.Errorf("the page has no program in %s", language)
		}
	}
}

func compareOutput(t *testing.T, want block, output []byte) {
	t.Helper()
	var wanted, got any = want.text, string(output)
	var problem api.Problem
	switch {
	case want.language == "text":
	case json.Unmarshal([]byte(want.text), &problem) == nil && problem.Type != "":
		var answered api.Problem
		if err := json.Unmarshal(output, &answered); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		wanted, got = problem, answered
	default:
		wanted, got = stable(t, []byte(want.text)), stable(t, output)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("output (-page +program):\n%s", diff)
	}
}

// TestPageHasTheLimits compares the numbers on the page with GET /v1/info of an executor with
// default settings. Each field of api.Limits has a row, and a
// place in the row of the field limits.
func TestPageHasTheLimits(t *testing.T) {
	page := readPage(t)
	var info api.Info
	if err := json.Unmarshal(ask(t, parse(t, api.OpenAPI), defaults.url, api.PathInfo, http.MethodGet, "").body, &info); err != nil {
		t.Fatal(err)
	}
	rows := []string{
		fmt.Sprintf("| body | %d bytes |", info.Request.BodyBytes),
		fmt.Sprintf("| files | %d |", info.Request.Files),
		fmt.Sprintf("| name of a file | %d bytes", info.Request.FileNameBytes),
		fmt.Sprintf("| runs | %d |", info.Request.Runs),
		fmt.Sprintf("| arguments of a run | %d, together %d bytes", info.Request.Args, info.Request.ArgBytes),
		fmt.Sprintf("| request line and headers | %d bytes |", info.Request.HeaderBytes),
		fmt.Sprintf("| bodies of all submissions that wait or run | %d MiB |", settings.Default().BufferMiB),
		fmt.Sprintf("its capacity (%d)", info.QueueCapacity),
		fmt.Sprintf("the queue wait allows (%d s)", info.QueueWaitMillis/1000),
		fmt.Sprintf("%d s + %d s by default", info.QueueWaitMillis/1000, info.TimeoutMillis/1000),
		fmt.Sprintf("from %d to %d.", api.MinRetryAfterSeconds, api.MaxRetryAfterSeconds),
	}
	var names []string
	for _, ceiling := range info.Ceilings.Fields() {
		names = append(names, "`"+ceiling.Name+"`")
		rows = append(rows, fmt.Sprintf("| `%s` | %d |", ceiling.Name, *ceiling.Value))
	}
	rows = append(rows, "| `limits` | limits of each run: "+strings.Join(names, ", ")+" |")
	for _, row := range rows {
		if !strings.Contains(page, row) {
			t.Errorf("the page does not have %q", row)
		}
	}
}

// TestPageNamesAll compares the tables of the page with the constants of the API.
func TestPageNamesAll(t *testing.T) {
	page := readPage(t)
	var rows []string
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "|") {
			rows = append(rows, line)
		}
	}
	tables := strings.Join(rows, "")
	names := append(api.Reasons(), api.ProblemTypes()...)
	for _, verdict := range api.Verdicts() {
		names = append(names, string(verdict))
	}
	for path := range parse(t, api.OpenAPI).Paths.Map() {
		names = append(names, path)
	}
	for _, name := range names {
		if !strings.Contains(tables, "`"+name+"`") {
			t.Errorf("no table of the page has `%s`", name)
		}
	}
	for _, header := range []string{api.HeaderQueue, api.HeaderPurpose, api.HeaderRequestID, api.HeaderContentType} {
		if !strings.Contains(tables, "`"+header+": ") {
			t.Errorf("no table of the page has the header %s", header)
		}
	}
}
