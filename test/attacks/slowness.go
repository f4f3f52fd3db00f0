package attacks

import (
	"os"
	"strconv"
)

// slowness is the factor by which the suite's own time limits are longer, for machines that are
// emulated: EXECUTORPOOL_SLOWNESS, 1 by default. It changes no expected verdict.
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
