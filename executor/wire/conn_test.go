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

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
)

// populate sets every field of v to a value that is not zero, so that a field without an encoding
// shows.
func populate(v reflect.Value, r *rand.Rand) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		populate(v.Elem(), r)
	case reflect.Struct:
		for i := range v.NumField() {
			populate(v.Field(i), r)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+r.IntN(3), 3))
		for i := range v.Len() {
			populate(v.Index(i), r)
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

func connPair(tb testing.TB) (a, b *Conn) {
	tb.Helper()
	one, other := net.Pipe()
	a, b = NewConn(one), NewConn(other)
	tb.Cleanup(func() {
		a.Close()
		b.Close()
	})
	return a, b
}

// messages returns an empty message of each type.
func messages() map[string]message {
	return map[string]message{
		"settings":     &Settings{},
		"assignment":   &Assignment{},
		"completion":   &Completion{},
		"cancel":       &Cancel{},
		"notification": &Notification{},
	}
}

func TestConnCarriesEveryField(t *testing.T) {
	for name, sent := range messages() {
		t.Run(name, func(t *testing.T) {
			a, b := connPair(t)
			r := rand.New(rand.NewPCG(1, 2))
			for range 50 {
				populate(reflect.ValueOf(sent).Elem(), r)
				received := messages()[name]
				failed := make(chan error, 1)
				go func() { failed <- a.Send(sent) }()
				if err := errors.Join(b.Receive(received), <-failed); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(sent, received); diff != "" {
					t.Errorf("(-sent +received):\n%s", diff)
				}
			}
		})
	}
}

func TestConnCarriesLargeAssignments(t *testing.T) {
	a, b := connPair(t)
	want := Assignment{Seq: 9, Request: &api.Request{Stdin: strings.Repeat("0123456789\x00\n", 1<<20)}}
	sent := make(chan error, 1)
	go func() { sent <- a.Send(&want) }()
	var got Assignment
	if err := errors.Join(b.Receive(&got), <-sent); err != nil {
		t.Fatal(err)
	}
	if got.Seq != want.Seq || got.Request.Stdin != want.Request.Stdin {
		t.Error("the assignment has changed in transit")
	}
}

// TestConnCarriesMessagesOfEverySize sends messages around the sizes at which their way changes,
// and discards every other one.
func TestConnCarriesMessagesOfEverySize(t *testing.T) {
	var messages []*Completion
	for _, n := range []int{0, 1, directBytes - 1, directBytes, flushBytes - 40, flushBytes, keptBuffer, keptBuffer + 1, 4 << 20} {
		half := strings.Repeat("x", n/2)
		messages = append(messages, &Completion{Result: &api.Result{ID: "id", Runs: []api.Stage{{Stdout: half, Stderr: half, ExitCode: n}, {Cause: "c"}}}})
	}
	for offset := range 2 {
		a, b := connPair(t)
		sent := make(chan error, 1)
		go func() {
			for _, m := range messages {
				if err := a.Send(m); err != nil {
					sent <- err
					return
				}
			}
			sent <- nil
		}()
		for i, m := range messages {
			size, err := b.Next()
			if err != nil {
				t.Fatal(err)
			}
			var c codec
			if m.fields(&c); len(c.frame) != size {
				t.Errorf("message %d: the size is %d, want %d", i, size, len(c.frame))
			}
			if i%2 == offset {
				if err := b.Discard(); err != nil {
					t.Fatal(err)
				}
				continue
			}
			var got Completion
			if err := b.Receive(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m, &got); diff != "" {
				t.Errorf("message %d (-sent +received):\n%.1000s", i, diff)
			}
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
	}
}

func TestConnReceivesMessagesOfOneRead(t *testing.T) {
	sender, receiver := net.Pipe()
	defer sender.Close()
	var frames []byte
	for seq := range uint64(3) {
		c := codec{frame: []byte{0, 0, 0, 0}}
		(&Assignment{Seq: seq, Request: &api.Request{Source: strings.Repeat("x", 3000)}}).fields(&c)
		binary.NativeEndian.PutUint32(c.frame, uint32(len(c.frame)-4))
		frames = append(frames, c.frame...)
	}
	go func() { _, _ = sender.Write(frames) }()
	w := NewConn(receiver)
	for seq := range uint64(3) {
		var got Assignment
		if err := w.Receive(&got); err != nil || got.Seq != seq || len(got.Request.Source) != 3000 {
			t.Errorf("assignment %d: got %d with %d bytes, %v", seq, got.Seq, len(got.Request.Source), err)
		}
	}
}

func TestConnRefusesMalformedMessages(t *testing.T) {
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
			if err := NewConn(theirs).Receive(&Assignment{}); !errors.Is(err, errMalformed) {
				t.Errorf("error is %v, want %v", err, errMalformed)
			}
		})
	}
}

func TestConnReportsTruncatedMessages(t *testing.T) {
	for name, tc := range map[string]struct {
		sent string
		want error
	}{
		"between messages": {"", io.EOF},
		"in the length":    {"\x05\x00", io.ErrUnexpectedEOF},
		"after the length": {"\x05\x00\x00\x00", io.ErrUnexpectedEOF},
		"in the fields":    {"\x05\x00\x00\x00\x00\x00", io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer theirs.Close()
			go func() {
				_, _ = io.WriteString(ours, tc.sent)
				_ = ours.Close()
			}()
			if err := NewConn(theirs).Receive(&Assignment{}); !errors.Is(err, tc.want) {
				t.Errorf("error is %v, want %v", err, tc.want)
			}
		})
	}
}

// FuzzWire decodes arbitrary bytes as each message. A message that decodes must encode to a frame
// that decodes to the same message.
func FuzzWire(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, m := range messages() {
		populate(reflect.ValueOf(m).Elem(), r)
		var c codec
		m.fields(&c)
		f.Add(c.frame)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for name, m := range messages() {
			if decode(body, m, false) != nil {
				continue
			}
			var c codec
			m.fields(&c)
			again := messages()[name]
			if err := decode(c.frame, again, true); err != nil || !cmp.Equal(m, again) {
				t.Errorf("%s encoded and decoded again: %v\n%s", name, err, cmp.Diff(m, again))
			}
		}
	})
}

// BenchmarkWire measures the encoding and decoding of the assignment and the completion of a small
// program, without the pipes.
func BenchmarkWire(b *testing.B) {
	o := Assignment{Request: &api.Request{Language: "cpp17", Source: strings.Repeat("int main() { return 0; }\n", 20)}}
	v := Completion{Result: &api.Result{Runs: []api.Stage{{Verdict: api.OK, Stdout: "42\n"}}}}
	var out, in codec
	for b.Loop() {
		out.frame = out.frame[:0]
		o.fields(&out)
		in = codec{frame: out.frame, decoding: true}
		(&Assignment{}).fields(&in)
		out.frame = out.frame[:0]
		v.fields(&out)
		in = codec{frame: out.frame, decoding: true}
		(&Completion{}).fields(&in)
	}
}
