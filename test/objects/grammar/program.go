package grammar

import (
	"slices"
	"strconv"
	"strings"
)

// Program is a list of statements.
type Program []Statement

// Statement is one statement. Body is that of a block.
type Statement struct {
	Form Form
	A, B int64
	Body Program
}

// String returns the text that the interpreter reads.
func (p Program) String() string {
	parts := make([]string, len(p))
	for i, s := range p {
		parts[i] = s.String()
	}
	return strings.Join(parts, " ")
}

// String returns the text of one statement.
func (s Statement) String() string {
	text := s.Form.Name
	if s.Form.A.Max > 0 {
		text += " " + strconv.FormatInt(s.A, 10)
	}
	if s.Form.B.Max > 0 {
		text += " " + strconv.FormatInt(s.B, 10)
	}
	if s.Form.Block {
		text += " { " + s.Body.String() + " }"
	}
	return text
}

// Names returns the names of all statements of the program, sorted, each once.
func (p Program) Names() []string {
	var names []string
	for _, s := range p {
		names = append(append(names, s.Form.Name), s.Body.Names()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Smaller returns programs that each have one part less than p: without a statement, then with the
// body of a block in place of the block, then with a number halved.
func Smaller(p Program) []Program {
	var all []Program
	with := func(i int, replacement ...Statement) {
		if smaller := slices.Concat(p[:i], replacement, p[i+1:]); len(smaller) > 0 {
			all = append(all, smaller)
		}
	}
	for i := range p {
		with(i)
	}
	for i, s := range p {
		if s.Form.Block {
			with(i, s.Body...)
			for _, body := range Smaller(s.Body) {
				inner := s
				inner.Body = body
				with(i, inner)
			}
		}
	}
	for i, s := range p {
		if !s.Form.A.Choice && s.A > 1 {
			half := s
			half.A /= 2
			with(i, half)
		}
		if !s.Form.B.Choice && s.B > 1 {
			half := s
			half.B /= 2
			with(i, half)
		}
	}
	return all
}
