package main

import (
	"errors"
	"fmt"

	"sigs.k8s.io/yaml"
)

// compilerMillis is the limit of a compiler's CPU time and of its wall time for which the language
// table has no value; see the head of languages.yaml.
const compilerMillis = 30_000

// slowLanguages returns a language table with limits of the compilers' time that are longer by the
// factor. All other limits are those of the given table.
func slowLanguages(content []byte, factor int) ([]byte, error) {
	var table map[string]any
	if err := yaml.Unmarshal(content, &table); err != nil {
		return nil, fmt.Errorf("language table: %w", err)
	}
	languages, _ := table["languages"].([]any)
	for _, language := range languages {
		row, _ := language.(map[string]any)
		compile, found := row["compile"].(map[string]any)
		if !found {
			continue
		}
		limits, found := compile["limits"].(map[string]any)
		if !found {
			limits = map[string]any{}
			compile["limits"] = limits
		}
		for _, name := range []string{"cpuMillis", "wallMillis"} {
			millis, found := limits[name].(float64)
			if !found {
				millis = compilerMillis
			}
			limits[name] = millis * float64(factor)
		}
	}
	if len(languages) == 0 {
		return nil, errors.New("the language table has no languages")
	}
	return yaml.Marshal(table)
}
