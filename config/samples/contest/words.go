// rehearse: weight=0
// Weight 0: compiling Go takes seconds of a core. Raise it where there are cores to spare.
package main

import (
	"bufio"
	"fmt"
	"os"
	"time"
)

func main() {
	time.Sleep(6 * time.Second)
	words := bufio.NewScanner(os.Stdin)
	words.Split(bufio.ScanWords)
	seen := map[string]bool{}
	for words.Scan() {
		seen[words.Text()] = true
	}
	fmt.Println(len(seen))
}
