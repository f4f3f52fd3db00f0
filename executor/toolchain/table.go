package toolchain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"executorpool.dev/executor/api"
	"sigs.k8s.io/yaml"
)

// Table is the list of languages, in the order of the files.
type Table struct {
	languages []Language

	versionsOnce sync.Once
	versions     []api.Language
}

// Load reads tables and joins them: a later row replaces an earlier one with the same id, in its
// place. A directory means its *.yaml files in the order of their names; a directory that does not
// exist means none. Unknown fields are errors. An error names the file, the language and the field.
func Load(paths ...string) (*Table, error) {
	var files []string
	for _, path := range paths {
		found, err := expand(path)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	table := &Table{}
	for _, file := range files {
		rows, err := readFile(file)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			table.put(row)
		}
	}
	if len(table.languages) == 0 {
		return nil, fmt.Errorf("no language in %q: name a file that has a list under \"languages\"", paths)
	}
	return table, nil
}

func expand(path string) ([]string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && filepath.Ext(path) != ".yaml" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read language table: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	found, err := filepath.Glob(filepath.Join(path, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list language tables in %s: %w", path, err)
	}
	slices.Sort(found)
	return found, nil
}

func readFile(file string) ([]Language, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read language table: %w", err)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	// Rows are decoded one by one, so that an error names the language.
	var doc struct {
		Languages []json.RawMessage `json:"languages"`
	}
	if err := yaml.UnmarshalStrict(text, &doc); err != nil {
		return nil, fmt.Errorf("language table %s: %w", file, err)
	}
	seen := map[string]bool{}
	rows := make([]Language, len(doc.Languages))
	for i, raw := range doc.Languages {
		row := &rows[i]
		err := decodeRow(raw, row)
		if err == nil && seen[row.ID] {
			err = errors.New("id: given twice in one file")
		}
		if err != nil {
			return nil, fmt.Errorf("language table %s: language %d (%q): %w", file, i+1, row.ID, err)
		}
		seen[row.ID] = true
		row.fillDefaults()
		whole, err := json.Marshal(row)
		if err != nil {
			return nil, fmt.Errorf("language table %s: language %q: %w", file, row.ID, err)
		}
		row.fingerprint = string(whole)
	}
	return rows, nil
}

// decodeRow decodes one row strictly. After an error the row still has its id, if it has one.
func decodeRow(raw json.RawMessage, row *Language) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(row); err != nil {
		var named struct {
			ID string `json:"id"`
		}
		// Without an id the first error stands.
		_ = json.Unmarshal(raw, &named)
		row.ID = named.ID
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return row.check()
}

func (t *Table) put(row Language) {
	at := slices.IndexFunc(t.languages, func(l Language) bool { return l.ID == row.ID })
	if at < 0 {
		t.languages = append(t.languages, row)
		return
	}
	t.languages[at] = row
}

// Lookup returns the language with the id.
func (t *Table) Lookup(id string) (Language, bool) {
	at := slices.IndexFunc(t.languages, func(l Language) bool { return l.ID == id })
	if at < 0 {
		return Language{}, false
	}
	return t.languages[at], true
}

// Paths returns the additional paths of all languages, for the slot's file rules.
func (t *Table) Paths() []string {
	var paths []string
	for _, l := range t.languages {
		paths = append(paths, l.Paths...)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
