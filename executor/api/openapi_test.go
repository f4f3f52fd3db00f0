package api

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/sandbox"
)

// document is the part of the OpenAPI document that has a counterpart in this package.
type document struct {
	Paths      map[string]json.RawMessage
	Components struct {
		Parameters    map[string]struct{ Name string }
		RequestBodies map[string]struct {
			Content map[string]struct {
				Examples map[string]struct{ Value json.RawMessage }
			}
		}
		Responses map[string]struct {
			Headers map[string]struct{ Schema schema }
		}
		Schemas map[string]*schema
	}
}

type schema struct {
	Ref                  string `json:"$ref"`
	Type, Format         string
	Description, Pattern string
	Enum, Required       []string
	Properties           map[string]*schema
	Items, PropertyNames *schema
	AdditionalProperties json.RawMessage
	MaxItems, MaxLength  int
	Minimum, Maximum     int
}

func parseDocument(t *testing.T) document {
	t.Helper()
	var d document
	if err := json.Unmarshal([]byte(OpenAPI), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// documented are the structs that the document describes under their own names.
var documented = []reflect.Type{
	reflect.TypeFor[File](), reflect.TypeFor[Health](), reflect.TypeFor[Info](), reflect.TypeFor[Language](), reflect.TypeFor[Limits](),
	reflect.TypeFor[Problem](), reflect.TypeFor[Readiness](), reflect.TypeFor[Request](), reflect.TypeFor[RequestLimits](),
	reflect.TypeFor[Result](), reflect.TypeFor[RunInput](), reflect.TypeFor[Stage](), reflect.TypeFor[State](),
	reflect.TypeFor[Totals](),
}

// enumerated are fields that are plain strings in Go and have a closed set of values.
var enumerated = map[string]string{
	"Info.tier": "Tier", "Problem.reason": "Reason", "Problem.type": "ProblemType", "Readiness.minimumTier": "Tier",
	"Readiness.tier": "Tier", "Result.tier": "Tier", "State.tier": "Tier",
}

func TestDocumentDescribesTheTypes(t *testing.T) {
	d := parseDocument(t)
	var names, schemas []string
	for _, goType := range documented {
		names = append(names, goType.Name())
		s := d.Components.Schemas[goType.Name()]
		if s == nil {
			t.Errorf("the document has no schema %s", goType.Name())
			continue
		}
		if diff := cmp.Diff(fieldsOf(goType), propertiesOf(t, s)); diff != "" {
			t.Errorf("%s (-Go type +document):\n%s", goType.Name(), diff)
		}
	}
	for name, s := range d.Components.Schemas {
		if s.Type == "object" {
			schemas = append(schemas, name)
		}
	}
	slices.Sort(schemas)
	if diff := cmp.Diff(names, schemas, sorted); diff != "" {
		t.Errorf("objects (-Go types +document):\n%s", diff)
	}
	if diff := cmp.Diff(names, sourceOf(t).structs, sorted); diff != "" {
		t.Errorf("structs with JSON names (-in this test +in the package):\n%s", diff)
	}
}

var sorted = cmp.Transformer("sort", func(names []string) []string { return slices.Sorted(slices.Values(names)) })

// fieldsOf returns the JSON fields of a struct, each with its shape.
func fieldsOf(goType reflect.Type) map[string]string {
	fields := map[string]string{}
	for i := range goType.NumField() {
		field := goType.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		shape := shapeOf(field.Type)
		if enum, ok := enumerated[goType.Name()+"."+name]; ok {
			shape = enum
		}
		if options == "" {
			shape += ", required"
		}
		fields[name] = shape
	}
	return fields
}

func shapeOf(goType reflect.Type) string {
	if goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	if goType.PkgPath() != "" {
		return goType.Name()
	}
	switch goType.Kind() {
	case reflect.Int:
		return "integer int32"
	case reflect.Int64, reflect.Uint64:
		return "integer int64"
	case reflect.Bool:
		return "boolean"
	case reflect.Slice, reflect.Array:
		return "array of " + shapeOf(goType.Elem())
	case reflect.Map:
		return fmt.Sprintf("map from %s to %s", shapeOf(goType.Key()), shapeOf(goType.Elem()))
	default:
		return goType.Kind().String()
	}
}

// propertiesOf returns the properties of an object schema in the same form as fieldsOf.
func propertiesOf(t *testing.T, s *schema) map[string]string {
	properties := map[string]string{}
	for name, property := range s.Properties {
		properties[name] = shapeOfSchema(t, property)
		if slices.Contains(s.Required, name) {
			properties[name] += ", required"
		}
	}
	return properties
}

func shapeOfSchema(t *testing.T, s *schema) string {
	switch {
	case s.Ref != "":
		return strings.TrimPrefix(s.Ref, "#/components/schemas/")
	case s.Type == "array":
		return "array of " + shapeOfSchema(t, s.Items)
	case s.Type == "object":
		key, value := "string", new(schema)
		if s.PropertyNames != nil {
			key = shapeOfSchema(t, s.PropertyNames)
		}
		if err := json.Unmarshal(s.AdditionalProperties, value); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("map from %s to %s", key, shapeOfSchema(t, value))
	case s.Format != "":
		return s.Type + " " + s.Format
	default:
		return s.Type
	}
}

func TestDocumentListsTheConstants(t *testing.T) {
	d, source := parseDocument(t), sourceOf(t)
	tiers := []string{}
	for tier := sandbox.None; tier <= sandbox.Namespaced; tier++ {
		tiers = append(tiers, tier.String())
	}
	for name, want := range map[string][]string{
		"Verdict": source.ofType["Verdict"], "Encoding": source.ofType["Encoding"], "StopOnFailure": source.ofType["StopOnFailure"],
		"ProblemType": source.withPrefix["Type"], "Reason": Reasons(), "Tier": tiers,
	} {
		if diff := cmp.Diff(want, d.Components.Schemas[name].Enum, sorted); diff != "" || len(want) == 0 {
			t.Errorf("%s (-constants +document):\n%s", name, diff)
		}
	}
	verdicts := []string{}
	for _, verdict := range Verdicts() {
		verdicts = append(verdicts, string(verdict))
	}
	for name, pair := range map[string][2][]string{
		"Verdicts": {source.ofType["Verdict"], verdicts}, "ProblemTypes": {source.withPrefix["Type"], ProblemTypes()},
		"RejectionReasons": {source.withPrefix["Reason"], RejectionReasons()},
	} {
		if diff := cmp.Diff(pair[0], pair[1], sorted); diff != "" {
			t.Errorf("%s (-constants +function):\n%s", name, diff)
		}
	}
	paths := []string{}
	for path := range d.Paths {
		paths = append(paths, path)
	}
	if diff := cmp.Diff(source.withPrefix["Path"], paths, sorted); diff != "" {
		t.Errorf("paths (-constants +document):\n%s", diff)
	}
	headers := []string{}
	for _, parameter := range d.Components.Parameters {
		headers = append(headers, parameter.Name)
	}
	if diff := cmp.Diff([]string{HeaderQueue, HeaderPurpose, HeaderRequestID}, headers, sorted); diff != "" {
		t.Errorf("headers of a request (-constants +document):\n%s", diff)
	}
}

func TestDocumentHasTheBounds(t *testing.T) {
	d := parseDocument(t)
	schemas := d.Components.Schemas
	request, file, run := schemas["Request"].Properties, schemas["File"].Properties, schemas["RunInput"].Properties
	numbers := func(s *schema) int {
		n, err := strconv.Atoi(regexp.MustCompile(`[0-9]+`).FindString(s.Description))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	type bound struct{ want, got int }
	bounds := map[string][]bound{
		"MaxFiles": {{MaxFiles, request["files"].MaxItems}}, "MaxRuns": {{MaxRuns, request["runs"].MaxItems}},
		"MaxArgs":     {{MaxArgs, request["args"].MaxItems}, {MaxArgs, run["args"].MaxItems}},
		"MaxArgBytes": {{MaxArgBytes, numbers(request["args"])}, {MaxArgBytes, numbers(run["args"])}},
		"MaxFileName": {{MaxFileName, file["name"].MaxLength}},
		"MaxRetryAfterSeconds": {
			{MaxRetryAfterSeconds, d.Components.Responses["Unavailable"].Headers[HeaderRetryAfter].Schema.Maximum},
			{MinRetryAfterSeconds, d.Components.Responses["Unavailable"].Headers[HeaderRetryAfter].Schema.Minimum},
		},
	}
	for name, pairs := range bounds {
		for _, pair := range pairs {
			if pair.got != pair.want {
				t.Errorf("%s is %d, the document has %d", name, pair.want, pair.got)
			}
		}
	}
	// GET /v1/info reports the values of these two. The document does not.
	elsewhere := []string{"MaxHeaderBytes", "MaxMaxBodyBytes"}
	for _, name := range sourceOf(t).names {
		if strings.HasPrefix(name, "Max") && bounds[name] == nil && !slices.Contains(elsewhere, name) {
			t.Errorf("no bound of the document is compared with %s", name)
		}
	}
}

// TestDocumentAllowsTheSameFileNames compares all names of one and of two ASCII characters.
func TestDocumentAllowsTheSameFileNames(t *testing.T) {
	pattern := regexp.MustCompile(parseDocument(t).Components.Schemas["File"].Properties["name"].Pattern)
	check := func(name string) {
		if allowed := badFileName(name) == ""; allowed != pattern.MatchString(name) {
			t.Errorf("the name %q: the package allows it: %t, the document: %t", name, allowed, !allowed)
		}
	}
	check("")
	for first := range byte(128) {
		check(string(rune(first)))
		for second := range byte(128) {
			check(string([]byte{first, second}))
		}
	}
}

func TestDocumentExamplesAreValidRequests(t *testing.T) {
	examples := parseDocument(t).Components.RequestBodies["Submission"].Content["application/json"].Examples
	for name, example := range examples {
		if _, problem := Decode(example.Value, pool); problem != nil {
			t.Errorf("example %s: %v", name, problem)
		}
	}
	if len(examples) == 0 {
		t.Error("the document has no example of a request")
	}
}

// source is what reflection does not find: the declarations of this package.
type source struct {
	structs            []string            // exported, with JSON names
	names              []string            // of exported constants
	ofType, withPrefix map[string][]string // values of string constants
}

var prefix = regexp.MustCompile(`^(Type|Reason|Path)[A-Z]`)

func sourceOf(t *testing.T) source {
	t.Helper()
	s := source{ofType: map[string][]string{}, withPrefix: map[string][]string{}}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch spec := n.(type) {
			case *ast.TypeSpec:
				body, ok := spec.Type.(*ast.StructType)
				if ok && spec.Name.IsExported() && len(body.Fields.List) > 0 && body.Fields.List[0].Tag != nil {
					s.structs = append(s.structs, spec.Name.Name)
				}
			case *ast.ValueSpec:
				s.addConstants(t, spec)
			case *ast.FuncDecl:
				return false
			}
			return true
		})
	}
	return s
}

func (s *source) addConstants(t *testing.T, spec *ast.ValueSpec) {
	for i, name := range spec.Names {
		if !name.IsExported() || i >= len(spec.Values) {
			continue
		}
		s.names = append(s.names, name.Name)
		literal, ok := spec.Values[i].(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			continue
		}
		value, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		if named, ok := spec.Type.(*ast.Ident); ok {
			s.ofType[named.Name] = append(s.ofType[named.Name], value)
		} else if match := prefix.FindStringSubmatch(name.Name); match != nil {
			s.withPrefix[match[1]] = append(s.withPrefix[match[1]], value)
		}
	}
}
