// Command hello prints how many arguments it has.
package main

import (
	"fmt"
	"os"

	_ "nst/cmd/nst/internal/entry"
)

func main() { fmt.Println("hello", len(os.Args)) }
