package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	kjson "sigs.k8s.io/json"
)

// Decode parses and validates the body of a request and sets the defaults. Every limit of the
// request that it returns is positive and at most that of bounds. When the problem is nil, the
// request can run as it is. Parsing is strict: a field that is unknown, given twice or of another
// case is an error that names it, because a contest must not run without a limit whose name has a
// typing error. Lists are counted before anything is decoded, so that Decode allocates at most a
// small multiple of the length of the body.
func Decode(body []byte, bounds Bounds) (*Request, *Problem) {
	if !utf8.Valid(body) {
		return nil, Invalid("", "the body is not UTF-8; bytes that are no text travel with \"encoding\": \"base64\"")
	}
	if p := checkShape(body); p != nil {
		return nil, p
	}
	req := new(Request)
	strict, err := kjson.UnmarshalStrict(body, req)
	if err != nil {
		return nil, syntaxProblem(err)
	}
	if len(strict) > 0 {
		return nil, strictProblem(strict[0])
	}
	if p := req.validate(bounds); p != nil {
		return nil, p
	}
	return req, nil
}

// syntaxProblem returns the 400 for a body that cannot be decoded.
func syntaxProblem(err error) *Problem {
	if ok, offset := kjson.SyntaxErrorOffset(err); ok {
		return Invalid("", "not a JSON document: %s (at byte %d)", err, offset)
	}
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		return Invalid(mismatch.Field, "is a JSON %s; expected %s", shorten(mismatch.Value), expected(mismatch))
	}
	return Invalid("", "not a request: %s", err)
}

// expected returns the JSON type that a field must have.
func expected(mismatch *json.UnmarshalTypeError) string {
	switch mismatch.Type.Kind().String() {
	case "string":
		return "a string"
	case "int64":
		return "a whole number"
	case "slice":
		return "an array"
	default:
		return "an object"
	}
}

// strictProblem returns the 400 for an unknown or duplicate field.
func strictProblem(err error) *Problem {
	var field kjson.FieldError
	if !errors.As(err, &field) {
		return Invalid("", "%s", err)
	}
	path := field.FieldPath()
	if strings.HasPrefix(err.Error(), "duplicate field") {
		return Invalid(path, "is given twice; keep one")
	}
	return Invalid(path, "is no field of a request; fields are case-sensitive")
}

// quoteLength is the highest number of bytes of a client's text in a message.
const quoteLength = 40

// quote returns a client's text for a message, in quotes and shortened.
func quote(s string) string { return fmt.Sprintf("%q", shorten(s)) }

// shorten cuts a client's text, so that an answer does not become as long as the request.
func shorten(s string) string {
	if len(s) > quoteLength {
		s = s[:quoteLength] + "..."
	}
	return s
}

func join(ids []string) string {
	if len(ids) == 0 {
		return "none"
	}
	return strings.Join(ids, ", ")
}
