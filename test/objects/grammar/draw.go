package grammar

import (
	"math"
	"math/rand/v2"
)

const (
	maxDepth = 4
	// maxStatements bounds a program, which the interpreter reads into a table of 4096 statements.
	maxStatements = 60
	stream        = 14 // the second half of the seed, so that other users of the seed differ
)

// drawer draws one program.
type drawer struct {
	*rand.Rand
	names       []Form // what this program is made of
	divisor     int64
	left        int
	block, hold float64 // the probability of a block, and of a sleep at the end of a body
	power       float64 // of the sizes; see number
}

// Draw returns the program of the seed. The divisor, 1 or more, lowers the highest sizes.
func Draw(seed uint64, divisor int64) Program {
	d := &drawer{Rand: rand.New(rand.NewPCG(seed, stream)), divisor: divisor, left: maxStatements}
	d.block, d.hold, d.power = 0.1+0.5*d.Float64(), d.Float64(), []float64{2, 1, 0.5, 0.25}[d.IntN(4)]
	for range 1 + d.IntN(6) {
		d.names = append(d.names, d.form(false))
	}
	for range 1 + d.IntN(3) {
		d.names = append(d.names, d.form(true))
	}
	return d.body(0)
}

// form returns a form at random, by weight.
func (d *drawer) form(block bool) Form {
	sum := 0
	for _, f := range forms {
		if f.Block == block {
			sum += f.Weight
		}
	}
	at := d.IntN(sum)
	for _, f := range forms {
		if f.Block != block {
			continue
		}
		if at -= f.Weight; at < 0 {
			return f
		}
	}
	panic("the weights add up to more than their sum")
}

// body returns the statements of a program, or of a block at a depth of 1 or more.
func (d *drawer) body(depth int) Program {
	var p Program
	for {
		p = append(p, d.statement(depth))
		if d.left--; d.left <= 0 || d.IntN(4) == 0 {
			break
		}
	}
	// A run ends with its main process, so that process mostly stays while the others work.
	if d.Float64() < d.hold || depth == 0 && d.IntN(8) > 0 {
		p = append(p, Statement{Form: sleep, A: max(1, 100<<d.IntN(5)/d.divisor)})
	}
	return p
}

var sleep = func() Form {
	for _, f := range forms {
		if f.Name == "sleep" {
			return f
		}
	}
	panic("no form sleep")
}()

func (d *drawer) statement(depth int) Statement {
	block := depth < maxDepth && d.left > 1 && d.Float64() < d.block
	var candidates []Form
	for _, f := range d.names {
		if f.Block == block {
			candidates = append(candidates, f)
		}
	}
	s := d.fill(candidates[d.IntN(len(candidates))])
	if block {
		if depth > 0 && !s.Form.A.Choice && s.A > 0 {
			// Nested counts multiply: only one of them is large.
			s.A = 1 + d.Int64N(min(s.A, 4))
		}
		d.left--
		s.Body = d.body(depth + 1)
	}
	return s
}

// fill returns a statement of the form with numbers and without a body.
func (d *drawer) fill(f Form) Statement {
	return Statement{Form: f, A: d.number(f.A), B: d.number(f.B)}
}

// number returns exp(u^power ln(max)) rounded down, with u from 0 to 1. Half of the sizes up to
// 65536 are at most 16 with power 2, 256 with power 1, 2545 with power 0.5 and 11,200 with power
// 0.25.
func (d *drawer) number(n Number) int64 {
	if n.Max == 0 {
		return 0
	}
	if n.Choice {
		return d.Int64N(n.Max + 1)
	}
	highest := max(2, n.Max/d.divisor)
	u := d.Float64()
	return int64(math.Exp(math.Pow(u, d.power) * math.Log(float64(highest)+0.99)))
}
