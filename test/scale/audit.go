package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// audit reads the manager's requests from the API server's audit log.
type audit struct {
	path string
	read int64
}

// requests has the number of requests by "verb resource/subresource".
type requests map[string]int

// since returns the requests that were logged since the last call.
func (a *audit) since() (requests, error) {
	file, err := os.Open(a.path)
	if err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	defer file.Close()
	if _, err := file.Seek(a.read, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	counts := requests{}
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			// An incomplete line is read by the next call.
			return counts, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the audit log: %w", err)
		}
		a.read += int64(len(line))
		var event struct {
			Stage, Verb string
			ObjectRef   struct{ Resource, Subresource string }
		}
		if err := json.Unmarshal(line, &event); err != nil {
			return nil, fmt.Errorf("decode the audit log: %w", err)
		}
		// The API server logs a watch when it starts and when it ends. Only the start counts.
		if event.Verb == "watch" && event.Stage != "ResponseStarted" || event.Verb != "watch" && event.Stage != "ResponseComplete" {
			continue
		}
		name := event.Verb + " " + event.ObjectRef.Resource
		if event.ObjectRef.Subresource != "" {
			name += "/" + event.ObjectRef.Subresource
		}
		counts[name]++
	}
}

func (r requests) count(of func(verb, resource string) bool) int {
	n := 0
	for name, count := range r {
		verb, resource, _ := strings.Cut(name, " ")
		if of(verb, resource) {
			n += count
		}
	}
	return n
}

// writes returns the number of write requests without those for leases, because the renewals of the
// manager's lease do not depend on the pools.
func (r requests) writes() int {
	return r.count(func(verb, resource string) bool { return !isRead(verb) && resource != "leases" })
}

func (r requests) lists() int {
	return r.count(func(verb, _ string) bool { return verb == "list" || verb == "watch" })
}

func (r requests) gets() int {
	return r.count(func(verb, resource string) bool { return verb == "get" && resource != "leases" })
}

func isRead(verb string) bool { return verb == "get" || verb == "list" || verb == "watch" }

func (r requests) String() string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		words = append(words, fmt.Sprintf("%d %s", r[name], name))
	}
	return strings.Join(words, ", ")
}
