package judge

import (
	"math/rand/v2"
	"testing"

	"executorpool.dev/executor/api"
)

func TestEncodeReplacesInvalidBytes(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a\x00": "a\x00", "\xff\xfe": "\uFFFD\uFFFD", "a\xe2\x82b": "a\uFFFD\uFFFDb", "\u20ac\xff": "\u20ac\uFFFD", "\uFFFD": "\uFFFD",
	} {
		if got := encode([]byte(in), api.UTF8); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestEncodableIsTheLongestPart(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"a", "\x00", "\xff", "\u20ac", "\U0001F600", "\xe2\x82"}
	for range 2000 {
		var data []byte
		for range r.IntN(20) {
			data = append(data, alphabet[r.IntN(len(alphabet))]...)
		}
		most := r.Int64N(30)
		for _, encoding := range []api.Encoding{api.UTF8, api.Base64} {
			kept := encodable(data, encoding, most)
			if got := int64(len(encode(data[:kept], encoding))); got > most {
				t.Fatalf("%q: %d of %d bytes are %d encoded, want at most %d", data, kept, len(data), got, most)
			}
			step := 4 // the longest character; base64 has 3 bytes in a group
			if kept+step <= len(data) {
				if got := int64(len(encode(data[:kept+step], encoding))); got <= most {
					t.Fatalf("%q: %d bytes are kept, and %d would be %d encoded of %d", data, kept, kept+step, got, most)
				}
			} else if kept < len(data) && int64(len(encode(data, encoding))) <= most {
				t.Fatalf("%q: only %d bytes are kept", data, kept)
			}
		}
	}
}
