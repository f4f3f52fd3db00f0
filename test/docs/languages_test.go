package docs

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestReadmeListsEveryLanguage compares the list of languages in README.md with the display names
// of the language table, in the order of its rows.
func TestReadmeListsEveryLanguage(t *testing.T) {
	var table struct {
		Languages []struct{ Name string }
	}
	if err := yaml.Unmarshal([]byte(read(t, "executor/toolchain/languages.yaml")), &table); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, language := range table.Languages {
		names = append(names, language.Name)
	}
	if len(names) < 2 {
		t.Fatalf("the table has the languages %q", names)
	}
	last := len(names) - 1
	want := "The image holds " + strings.Join(names[:last], ", ") + " and " + names[last] + "."
	if !strings.Contains(strings.Join(strings.Fields(read(t, "README.md")), " "), want) {
		t.Errorf("README.md does not have the sentence\n%s", want)
	}
}
