package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// maxDepth is the highest number of arrays and objects within one another in a value that is not
// part of a request. A request itself has 4.
const maxDepth = 16

// maxKey is the highest number of bytes of a field's name in a body.
const maxKey = 128

// listBounds holds the highest number of elements of each list of a request.
var listBounds = map[string]int{"files": MaxFiles, "runs": MaxRuns, "args": MaxArgs}

// shape is the form of a JSON object in a request.
type shape struct{ fields []shapeField }

type shapeField struct {
	name string
	// most is the highest number of elements of a list; 0 for a field that is not a list.
	most int
	// object is the form of the field, or of each element of the list; nil for a string or a number.
	object *shape
}

var requestShape = formOf(reflect.TypeFor[Request]())

// formOf returns the form of the JSON objects of a type. It panics for a list without a bound.
func formOf(kind reflect.Type) *shape {
	s := new(shape)
	for i := range kind.NumField() {
		field := kind.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		f, value := shapeField{name: name}, field.Type
		if value.Kind() == reflect.Slice {
			if f.most = listBounds[name]; f.most == 0 {
				panic("the list " + name + " of a request has no bound")
			}
			value = value.Elem()
		}
		if value.Kind() == reflect.Struct {
			f.object = formOf(value)
		}
		s.fields = append(s.fields, f)
	}
	return s
}

// checkShape returns the 400 for a body with too many elements in a list, with a field that is
// unknown or given twice, or with values that are nested too deeply. It reads the body once and
// allocates nothing that grows with the body. The decoder would make a Go value of each element
// first: 16 MiB of "{}," are 5.6 million runs of 40 bytes.
//
// A body that is not JSON, or has a value of another type, has no problem here. The decoder reports
// both, and makes no Go value before it has checked the syntax of the whole body.
func checkShape(body []byte) *Problem {
	s := shapeScan{body: body}
	s.object(requestShape)
	return s.problem
}

// shapeScan is a position in a body. The methods that read a value return false when the scan has
// ended: with a problem, or at a syntax error.
type shapeScan struct {
	body []byte
	at   int
	// path are the names and the indexes of the present value; a request has at most 4 of them.
	path    [8]shapeStep
	depth   int
	problem *Problem
}

// shapeStep is a field, or an element of a list if the name is empty.
type shapeStep struct {
	name  string
	index int
}

func (s *shapeScan) object(form *shape) bool {
	if !s.take('{') {
		return s.skip()
	}
	if s.take('}') {
		return true
	}
	var seen uint64
	for {
		key, ok := s.key()
		if !ok {
			return false
		}
		s.path[s.depth] = shapeStep{name: key}
		s.depth++
		at := form.find(key)
		switch {
		case at < 0:
			return s.fail("is no field of a request; fields are case-sensitive")
		case seen&(1<<at) != 0:
			return s.fail("is given twice; keep one")
		}
		seen |= 1 << at
		if !s.take(':') || !s.value(&form.fields[at]) {
			return false
		}
		s.depth--
		if !s.take(',') {
			return s.take('}')
		}
	}
}

func (s *shapeScan) value(f *shapeField) bool {
	switch {
	case f.most > 0:
		return s.list(f)
	case f.object != nil:
		return s.object(f.object)
	}
	return s.skip()
}

func (s *shapeScan) list(f *shapeField) bool {
	if !s.take('[') {
		return s.skip()
	}
	if s.take(']') {
		return true
	}
	for n := 0; ; n++ {
		if n == f.most {
			return s.fail("has more than %d elements; at most %d are allowed", f.most, f.most)
		}
		s.path[s.depth] = shapeStep{index: n}
		s.depth++
		var ok bool
		if f.object != nil {
			ok = s.object(f.object)
		} else {
			ok = s.skip()
		}
		if !ok {
			return false
		}
		s.depth--
		if !s.take(',') {
			return s.take(']')
		}
	}
}

// find returns the index of the field, -1 for an unknown one.
func (form *shape) find(name string) int {
	for i := range form.fields {
		if form.fields[i].name == name {
			return i
		}
	}
	return -1
}

// take skips white space, and then c. It reports whether c was there.
func (s *shapeScan) take(c byte) bool {
	for s.at < len(s.body) {
		switch b := s.body[s.at]; b {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			if b == c {
				s.at++
			}
			return b == c
		}
	}
	return false
}

// key reads the name of a field. A long name is shortened, and is then unknown.
func (s *shapeScan) key() (name string, ok bool) {
	if !s.take('"') {
		return "", false
	}
	begin := s.at
	if !s.skipString() {
		return "", false
	}
	quoted := s.body[begin-1 : s.at]
	if len(quoted) > maxKey {
		return strings.ToValidUTF8(string(quoted[1:quoteLength]), "") + "...", true
	}
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1]), true
	}
	return name, json.Unmarshal(quoted, &name) == nil
}

// skipString skips the rest of a string, to which the position points, with its closing quote.
func (s *shapeScan) skipString() bool {
	begin := s.at
	for {
		quote := bytes.IndexByte(s.body[s.at:], '"')
		if quote < 0 {
			return false
		}
		s.at += quote + 1
		first := s.at - 2 // of the backslashes before the quote
		for first >= begin && s.body[first] == '\\' {
			first--
		}
		if (s.at-2-first)%2 == 0 {
			return true
		}
	}
}

// skip skips one value of any type.
func (s *shapeScan) skip() bool {
	for depth := 0; s.at < len(s.body); {
		switch s.body[s.at] {
		case '"':
			s.at++
			if !s.skipString() {
				return false
			}
		case '{', '[':
			s.at++
			if depth++; depth > maxDepth {
				return s.fail("is nested deeper than a request can be")
			}
		case '}', ']':
			if depth--; depth < 0 {
				return false
			}
			s.at++
		case ' ', '\t', '\n', '\r', ',', ':':
			s.at++
			continue
		default:
			for s.at++; s.at < len(s.body) && !delimits(s.body[s.at]); {
				s.at++
			}
		}
		if depth == 0 {
			return true
		}
	}
	return false
}

// delimits reports whether c ends a number or a word.
func delimits(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', ',', ':', '{', '}', '[', ']', '"':
		return true
	}
	return false
}

// fail ends the scan with a problem of the present value.
func (s *shapeScan) fail(format string, args ...any) bool {
	var path strings.Builder
	for _, step := range s.path[:s.depth] {
		switch {
		case step.name == "":
			fmt.Fprintf(&path, "[%d]", step.index)
		case path.Len() > 0:
			path.WriteString("." + step.name)
		default:
			path.WriteString(step.name)
		}
	}
	s.problem = Invalid(path.String(), format, args...)
	return false
}
