package imports

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// arrows are imports, by the directory that imports, with the rules that refuse each. No rules: the
// import is allowed.
var arrows = []struct {
	from, to string
	test     bool // The import stands in a test.
	refused  []string
}{
	{from: "executor", to: "executorpool.dev/controllers/resources", refused: []string{"executor"}},
	{from: "executor/judge", to: "executorpool.dev/api/v1alpha1", refused: []string{"executor"}},
	{from: "executor/judge", to: "executorpool.dev/test/localcluster/host", test: true, refused: []string{"executor"}},
	{from: "executor/judge", to: "executorpool.dev/test/cases", test: true},
	{from: "executor/server", to: "k8s.io/api/core/v1", refused: []string{"executor"}},
	{from: "executor/server", to: "sigs.k8s.io/controller-runtime/pkg/client", refused: []string{"executor"}},
	{from: "cmd/executor", to: "executorpool.dev/controllers/manager", refused: []string{"executor"}},

	{from: "executor/client", to: "executorpool.dev/executor/settings", refused: []string{"client"}},
	{from: "executor/client", to: "executorpool.dev/executor/api"},
	{from: "executor/client", to: "net/http"},

	{from: "executor/queue", to: "net/http", refused: []string{"transport"}},
	{from: "executor/queue", to: "net/http/httptrace", refused: []string{"transport"}},
	{from: "executor/queue", to: "github.com/valyala/fasthttp", refused: []string{"transport"}},
	{from: "executor/admission", to: "github.com/valyala/fasthttp/fasthttpadaptor", refused: []string{"transport"}},
	{from: "executor/admission", to: "executorpool.dev/executor/server", refused: []string{"transport"}},
	{from: "executor/admission", to: "executorpool.dev/executor/queue"},

	{from: "executor/settings", to: "executorpool.dev/executor/api", refused: []string{"settings"}},
	{from: "executor/settings", to: "github.com/alecthomas/kong", refused: []string{"settings"}},

	{from: "api/v1alpha1", to: "executorpool.dev/controllers/status", refused: []string{"api"}},
	{from: "api/v1alpha1", to: "executorpool.dev/executor/api", refused: []string{"api"}},
	{from: "api/v1alpha1", to: "sigs.k8s.io/controller-runtime/pkg/scheme", refused: []string{"api"}},
	{from: "api/v1alpha1/applyconfiguration", to: "executorpool.dev/api/v1alpha1"},

	{from: "controllers/pool", to: "executorpool.dev/executor", refused: []string{"controllers"}},
	{from: "controllers/pool", to: "executorpool.dev/executor/judge", refused: []string{"controllers"}},
	{from: "controllers/pool", to: "executorpool.dev/executor/admission", test: true, refused: []string{"controllers"}},
	{from: "controllers/pool", to: "executorpool.dev/rehearse/plan", refused: []string{"controllers"}},
	{from: "controllers/canary", to: "executorpool.dev/executor/programs"},
	{from: "controllers/sampling", to: "executorpool.dev/executor/client"},
	{from: "controllers/resources", to: "executorpool.dev/executor/settings"},

	{from: "gateway/dispatch", to: "executorpool.dev/executor/judge", refused: []string{"gateway"}},
	{from: "gateway/dispatch", to: "executorpool.dev/executor", refused: []string{"gateway"}},
	{from: "gateway/server", to: "executorpool.dev/controllers/resources", refused: []string{"gateway"}},
	{from: "gateway/dispatch", to: "executorpool.dev/executor/queue"},

	{from: "controllers/calendar", to: "executorpool.dev/controllers/sampling", refused: []string{"pure"}},
	{from: "controllers/contest", to: "executorpool.dev/controllers/contests", refused: []string{"pure"}},
	{from: "controllers/resources", to: "executorpool.dev/executor/client", refused: []string{"pure"}},
	{from: "controllers/resources", to: "executorpool.dev/executor/programs", refused: []string{"pure"}},
	{from: "controllers/resources", to: "executorpool.dev/executor", refused: []string{"controllers", "pure"}},
	{from: "controllers/status", to: "k8s.io/client-go/kubernetes", refused: []string{"pure"}},
	{from: "controllers/status", to: "k8s.io/client-go/applyconfigurations/core/v1"},
	{from: "controllers/autoscale", to: "log/slog", refused: []string{"pure"}},
	{from: "controllers/autoscale", to: "k8s.io/utils/clock", refused: []string{"pure"}},
	{from: "controllers/autoscale", to: "os", test: true},
	{from: "controllers/contest", to: "executorpool.dev/controllers/calendar"},
	{from: "executor/api", to: "net/http", refused: []string{"pure"}},
	{from: "rehearse/plan", to: "os", refused: []string{"pure"}},
	{from: "simulate/fleet", to: "executorpool.dev/controllers/scaling", refused: []string{"pure"}},
	{from: "simulate/fleet", to: "executorpool.dev/simulate/trace"},
	{from: "simulate", to: "os"},
}

func TestRulesRefusePlantedImports(t *testing.T) {
	rules := readRules(t)
	proven := map[string]bool{}
	for _, tc := range arrows {
		for _, name := range tc.refused {
			proven[name] = true
		}
		t.Run(strings.ReplaceAll(tc.from+" to "+tc.to, "/", "."), func(t *testing.T) {
			file := path.Join(tc.from, "planted.go")
			if tc.test {
				file = path.Join(tc.from, "planted_test.go")
			}
			source := fmt.Sprintf("package planted\n\nimport %q\n", tc.to)
			got, err := check(fstest.MapFS{file: {Data: []byte(source)}}, rules)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, name := range tc.refused {
				want = append(want, file+": "+tc.to+": "+name)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("refused imports (-want +got):\n%s", diff)
			}
		})
	}
	for name := range rules {
		if !proven[name] {
			t.Errorf("no import is planted against the rule %s", name)
		}
	}
}

func TestModuleFollowsRules(t *testing.T) {
	refused, err := check(os.DirFS(root), readRules(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, arrow := range refused {
		t.Error(arrow)
	}
}

// A rule with a wrong path holds nothing.
func TestRulesNameWhatExists(t *testing.T) {
	module := os.DirFS(root)
	for name, r := range readRules(t) {
		for _, pattern := range r.Files {
			if pattern == notTests || strings.HasPrefix(pattern, base+"gateway/") {
				continue // The gateway's rule stands before its packages.
			}
			dir := strings.TrimRight(strings.TrimPrefix(pattern, base), "/*")
			if _, err := fs.Stat(module, dir); err != nil || !r.governs(dir+"/sub/file.go") {
				t.Errorf("%s: the pattern %s governs no directory", name, pattern)
			}
		}
		for _, entry := range r.Allow {
			dir, ours := strings.CutPrefix(strings.TrimRight(entry, "$/"), modulePath)
			if _, err := fs.Stat(module, dir); ours && err != nil {
				t.Errorf("%s allows %s, which does not exist", name, entry)
			}
		}
	}
}

// depguard compares an import only with the entry that sorts next to it. An entry that begins with
// a second entry would hide the second one.
func TestEntriesDoNotHideEachOther(t *testing.T) {
	for name, r := range readRules(t) {
		for _, entries := range [][]string{r.Allow, r.denied()} {
			for _, entry := range entries {
				hidden := slices.ContainsFunc(entries, func(other string) bool {
					return other != entry && strings.HasPrefix(other, entry)
				})
				if hidden {
					t.Errorf("%s: another entry begins with %s", name, entry)
				}
			}
		}
	}
}
