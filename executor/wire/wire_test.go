package wire

import (
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
)

// fill sets every field that v reaches to something that is not zero, so that a field the wire forgets shows.
func fill(v reflect.Value, r *rand.Rand) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), r)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), r)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+r.IntN(3), 3))
		for i := range v.Len() {
			fill(v.Index(i), r)
		}
	case reflect.String:
		v.SetString(strings.Repeat("\x00\xff1", 1+r.IntN(40)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(r.Int64() - r.Int64())
	case reflect.Uint64:
		v.SetUint(r.Uint64())
	default:
		panic(v.Kind())
	}
}

func wirePair(tb testing.TB) (a, b *Wire) {
	tb.Helper()
	one, other := net.Pipe()
	a, b = NewWire(one), NewWire(other)
	tb.Cleanup(func() {
		a.Close()
		b.Close()
	})
	return a, b
}

func TestWireCarriesEveryField(t *testing.T) {
	a, b := wirePair(t)
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var o, gotOrder Order
		var v, gotVerdict Verdict
		fill(reflect.ValueOf(&o.Request).Elem(), r)
		o.Seq, o.Timeout = r.Uint64(), time.Duration(r.Int64())
		fill(reflect.ValueOf(&v.Result).Elem(), r)
		sent := make(chan error, 1)
		go func() { sent <- errors.Join(a.Send(&o), a.Send(&v)) }()
		if err := errors.Join(b.Receive(&gotOrder), b.Receive(&gotVerdict), <-sent); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(o, gotOrder); diff != "" {
			t.Errorf("order (-sent +received):\n%s", diff)
		}
		if diff := cmp.Diff(v, gotVerdict); diff != "" {
			t.Errorf("verdict (-sent +received):\n%s", diff)
		}
	}
}

func TestWireCarriesLargeOrders(t *testing.T) {
	a, b := wirePair(t)
	want := Order{Seq: 9, Request: &api.Request{Stdin: strings.Repeat("0123456789\x00\n", 1<<20)}}
	sent := make(chan error, 1)
	go func() { sent <- a.Send(&want) }()
	var got Order
	if err := errors.Join(b.Receive(&got), <-sent); err != nil {
		t.Fatal(err)
	}
	if got.Seq != want.Seq || got.Request.Stdin != want.Request.Stdin {
		t.Error("the order has changed on its way")
	}
}

func TestWireTakesMessagesThatComeTogether(t *testing.T) {
	sender, receiver := net.Pipe()
	defer sender.Close()
	var frames []byte
	for seq := range uint64(3) {
		c := carrier{frame: []byte{0, 0, 0, 0}}
		(&Order{Seq: seq, Request: &api.Request{Source: strings.Repeat("x", 3000)}}).carry(&c)
		binary.NativeEndian.PutUint32(c.frame, uint32(len(c.frame)-4))
		frames = append(frames, c.frame...)
	}
	go func() { _, _ = sender.Write(frames) }()
	w := NewWire(receiver)
	for seq := range uint64(3) {
		var got Order
		if err := w.Receive(&got); err != nil || got.Seq != seq || len(got.Request.Source) != 3000 {
			t.Errorf("order %d: got %d with %d bytes, %v", seq, got.Seq, len(got.Request.Source), err)
		}
	}
}

func TestWireRefusesWhatIsNoMessage(t *testing.T) {
	for name, sent := range map[string]string{
		"too long":       "\xff\xff\xff\x7f",
		"too short":      "\x01\x00\x00\x00\x00\x00",
		"nothing inside": "\x00\x00\x00\x00",
		"long list":      "\x05\x00\x00\x00\x00\x00\xfe\xff\x7f",
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer theirs.Close()
			go func() { _, _ = io.WriteString(ours, sent) }()
			if err := NewWire(theirs).Receive(&Order{}); !errors.Is(err, errFrame) {
				t.Errorf("error is %v, want %v", err, errFrame)
			}
		})
	}
}

func FuzzWire(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	var v Verdict
	fill(reflect.ValueOf(&v.Result).Elem(), r)
	c := carrier{}
	v.carry(&c)
	f.Add(c.frame)
	f.Fuzz(func(t *testing.T, body []byte) {
		_ = decode(body, &Order{})
		var v Verdict
		if decode(body, &v) != nil {
			return
		}
		var c carrier
		v.carry(&c)
		var again Verdict
		if err := decode(c.frame, &again); err != nil || !cmp.Equal(v, again) {
			t.Errorf("written and read again: %v\n%s", err, cmp.Diff(v, again))
		}
	})
}

// BenchmarkWire is what a submission of a small program and its verdict cost on the way, without the sockets.
func BenchmarkWire(b *testing.B) {
	o := Order{Request: &api.Request{Language: "cpp17", Source: strings.Repeat("int main() { return 0; }\n", 20)}}
	v := Verdict{Result: &api.Result{Runs: []api.Stage{{Verdict: api.OK, Stdout: "42\n"}}}}
	var out, in carrier
	for b.Loop() {
		out.frame = out.frame[:0]
		o.carry(&out)
		in = carrier{frame: out.frame, reading: true}
		(&Order{}).carry(&in)
		out.frame = out.frame[:0]
		v.carry(&out)
		in = carrier{frame: out.frame, reading: true}
		(&Verdict{}).carry(&in)
	}
}
