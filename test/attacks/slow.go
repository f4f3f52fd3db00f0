package attacks

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// slowRequestTimeout is the longest time for which an executor may wait for the rest of a request,
// plus a margin.
const slowRequestTimeout = 40 * time.Second

// startSlowRequests starts more requests than there are slots and never finishes them: half stop in
// the header and half in the body. The returned function waits until the executor has ended all of
// them.
func (e Executor) startSlowRequests(t *testing.T) (refused func()) {
	t.Helper()
	address, err := url.Parse(e.URL)
	if err != nil {
		t.Fatal(err)
	}
	header := "POST /v1/execute HTTP/1.1\r\nHost: " + address.Host + "\r\nContent-"
	body := header + "Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"language\":"
	var all sync.WaitGroup
	for range 4 * e.Slots {
		for _, text := range []string{header, body} {
			conn, err := net.Dial("tcp", address.Host)
			if err == nil {
				_, err = fmt.Fprint(conn, text)
			}
			if err == nil {
				err = conn.SetReadDeadline(time.Now().Add(slowRequestTimeout * time.Duration(slowness)))
			}
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				defer conn.Close()
				status, err := bufio.NewReader(conn).ReadString('\n')
				if errors.Is(err, os.ErrDeadlineExceeded) || text == body && !strings.Contains(status, " 408 ") {
					t.Errorf("after %q and no more: answer %q, %v; want status 408 to half a body, and an end to half a header", text, status, err)
				}
			})
		}
	}
	return all.Wait
}
