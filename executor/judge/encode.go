package judge

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"executorpool.dev/executor/api"
)

// encode returns data in the request's encoding. In UTF-8 each invalid byte becomes U+FFFD.
func encode(data []byte, encoding api.Encoding) string {
	if encoding == api.Base64 {
		return base64.StdEncoding.EncodeToString(data)
	}
	if utf8.Valid(data) {
		return string(data)
	}
	var text strings.Builder
	text.Grow(encodedSize(data))
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		text.WriteRune(r)
		data = data[size:]
	}
	return text.String()
}

// encodedSize returns the number of bytes of data in UTF-8.
func encodedSize(data []byte) int {
	total := 0
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		total += utf8.RuneLen(r)
		data = data[size:]
	}
	return total
}

// encodable returns the length of the longest beginning of data that has at most the given number
// of bytes when it is encoded. It does not cut a valid character.
func encodable(data []byte, encoding api.Encoding, most int64) int {
	if encoding == api.Base64 {
		return int(min(int64(len(data)), most/4*3))
	}
	if 3*int64(len(data)) <= most { // U+FFFD has 3 bytes
		return len(data)
	}
	kept, total := 0, int64(0)
	for kept < len(data) {
		r, size := utf8.DecodeRune(data[kept:])
		if total += int64(utf8.RuneLen(r)); total > most {
			break
		}
		kept += size
	}
	return kept
}
