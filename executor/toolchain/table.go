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
	paths     []string // of every language
	ownPaths  []string // of runs with OwnFiles

	versionsOnce sync.Once
	versions     []api.Language
}

// Load reads tables and joins them: a later row replaces an earlier one with the same id, in its
// place. A directory means its *.yaml files in the order of their names; a directory that does
// not exist means none. Unknown fields are errors. An error names the file, the language and the
// field.
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
		if err := table.readFile(file); err != nil {
			return nil, err
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

// document is the content of one file.
type document struct {
	// Paths are what the tools and runs of every language may read and execute, beside the
	// toolchain directories and the paths of the rows.
	Paths []string `json:"paths"`
	// OwnPaths are what runs with OwnFiles may read and execute of the image.
	OwnPaths  []string          `json:"ownPaths"`
	Languages []json.RawMessage `json:"languages"`
}

// readFile adds the content of a file to the table.
func (t *Table) readFile(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read language table: %w", err)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	var doc document
	if err := yaml.UnmarshalStrict(text, &doc); err != nil {
		return fmt.Errorf("language table %s: %w", file, err)
	}
	for field, paths := range map[string][]string{"paths": doc.Paths, "ownPaths": doc.OwnPaths} {
		if err := checkPaths(field, paths); err != nil {
			return fmt.Errorf("language table %s: %w", file, err)
		}
	}
	t.paths = append(t.paths, doc.Paths...)
	t.ownPaths = append(t.ownPaths, doc.OwnPaths...)
	rows, err := decodeRows(file, doc.Languages)
	if err != nil {
		return err
	}
	for _, row := range rows {
		t.put(row)
	}
	return nil
}

// decodeRows decodes the rows one by one, so that an error names the language.
func decodeRows(file string, raw []json.RawMessage) ([]Language, error) {
	seen := map[string]bool{}
	rows := make([]Language, len(raw))
	for i, raw := range raw {
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

// Paths returns what the slots' runs may read and execute beside the toolchain directories: the
// paths of the files and of all languages.
func (t *Table) Paths() []string {
	paths := slices.Concat(t.paths, t.ownPaths)
	for _, l := range t.languages {
		paths = append(paths, l.Paths...)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// OwnPaths returns what runs with OwnFiles may read and execute of the image.
func (t *Table) OwnPaths() []string { return t.ownPaths }
