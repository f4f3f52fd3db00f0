package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	var sum int64
	for in.Scan() {
		n, _ := strconv.ParseInt(in.Text(), 10, 64)
		sum += n
	}
	fmt.Println(sum)
}
