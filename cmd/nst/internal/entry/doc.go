// Package entry looks at the limit on addresses before Go starts. The runtime of Go reserves
// addresses for tables of its own; where a limit (ulimit -v) leaves too few, it ends with up to 120
// lines about its insides before any of the program has run.
//
// The package has no functions. A program imports it for its symbol, and is linked with
//
//	go build -ldflags '-E nst_entry'
//
// on Linux with amd64, so that the system starts it there: the routine asks for the limit,
// and either jumps to where Go programs begin, or prints an error with a hint and ends with the exit
// code 1. Without the flag, the linker leaves the routine out.
package entry
