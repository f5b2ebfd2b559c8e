package reftest

import "testing"

// NumbersOnly skips a test under the race detector that compares numbers with those of
// another program and shares nothing between threads that other tests do not: there it
// takes minutes and can find nothing.
func NumbersOnly(t testing.TB) {
	t.Helper()
	if race {
		t.Skip("compares numbers: nothing for the race detector that the tests of threads do not run")
	}
}
