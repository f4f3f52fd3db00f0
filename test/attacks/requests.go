package attacks

import (
	"net/http"
	"strings"

	"executorpool.dev/executor/api"
)

// large is the size of a contest's largest inputs, in bytes.
const large = 8 << 20

// RequestAttacks returns the attacks of requests on their reader. Slow requests are in slow.go.
func RequestAttacks() []Attack {
	var all []Attack
	quiet := "int main(void) { return 0; }\n"
	answered := func(name, stdout string, r api.Request) {
		r.Limits.MemoryMiB = memoryMiB
		all = append(all, Attack{Name: name, Request: r, Verdict: api.OK, Stdout: stdout})
	}
	refused := func(name string, status int, field string, r api.Request) {
		all = append(all, Attack{Name: name, Request: r, Status: status, Field: field})
	}
	answered("input with NUL", "5 bytes, 3 of them zero\n", counting("\x00a\x00b\x00"))
	answered("large input", "8388608 bytes, 0 of them zero\n", counting(strings.Repeat("x", large)))
	answered("input nobody reads", "", api.Request{Language: "c", Source: quiet, Stdin: strings.Repeat("x", large)})
	answered("source with NUL", "", api.Request{Language: "c", Source: quiet + "\x00"})
	answered("source that is no text", "", api.Request{Language: "c",
		Files: []api.File{{Name: "main.c", Content: "Ly8g//7+Cg==", Encoding: api.Base64}, {Name: "x.c", Content: quiet}}})
	refused("argument with NUL", http.StatusBadRequest, "args[0]", api.Request{Language: "c", Source: quiet, Args: []string{"a\x00b"}})
	refused("many arguments", http.StatusBadRequest, "args", api.Request{Language: "c", Source: quiet, Args: make([]string, api.MaxArgs+1)})
	refused("many runs", http.StatusBadRequest, "runs", api.Request{Language: "c", Source: quiet, Runs: make([]api.RunInput, api.MaxRuns+1)})
	refused("huge request", http.StatusRequestEntityTooLarge, "", api.Request{Language: "c", Source: quiet, Stdin: strings.Repeat("x", 17<<20)})
	refused("limits above the pool's", http.StatusBadRequest, "limits.memoryMiB", api.Request{Language: "c", Source: quiet, Limits: limits{MemoryMiB: 1 << 20}})
	for _, name := range []string{"../main.c", "/tmp/main.c", "a/../../main.c", "..", ".", ".hidden", "-o", "@options", "a\x00.c", "a\n.c"} {
		refused("file called "+name, http.StatusBadRequest, "files[0].name",
			api.Request{Language: "c", Files: []api.File{{Name: name, Content: quiet}}})
	}
	return all
}

func counting(stdin string) api.Request {
	request := attacker("count-input")
	request.Stdin = stdin
	return request
}
