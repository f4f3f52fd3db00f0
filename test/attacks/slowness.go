package attacks

import (
	"fmt"
	"os"
	"strconv"

	"executorpool.dev/executor/api"
)

// slowness is the factor by which an emulated machine is slower: EXECUTORPOOL_SLOWNESS, 1 by
// default. The suite then waits longer, and so do the attacks themselves where the executor must
// see them at work. The factor changes no expected verdict, and not the limit that an attack must
// reach.
var slowness = readSlowness(os.Getenv("EXECUTORPOOL_SLOWNESS"))

func readSlowness(text string) int {
	if text == "" {
		return 1
	}
	factor, err := strconv.Atoi(text)
	if err != nil || factor < 1 {
		panic("EXECUTORPOOL_SLOWNESS must be a whole number of at least 1, not " + strconv.Quote(text))
	}
	return factor
}

// paced returns the source of an attack that waits longer by slowness.
func paced(source string) string {
	if slowness == 1 {
		return source
	}
	return fmt.Sprintf("#define SLOWNESS %d\n%s", slowness, source)
}

// slowed returns the request with limits of time that are longer by the factor, except for the
// limit that the attack must reach.
func (a Attack) slowed(factor int) api.Request {
	request := a.Request
	if a.Cause != "cpu limit" {
		request.Limits.CPUMillis *= int64(factor)
	}
	if a.Cause != "wall limit" {
		request.Limits.WallMillis *= int64(factor)
	}
	return request
}
