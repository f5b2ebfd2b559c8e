package reftest

import "testing"

// NumbersOnly skips a test under the race detector. It is for tests that compare numbers
// with another program and share nothing between threads that other tests do not: with the
// detector they take minutes and find nothing.
func NumbersOnly(t testing.TB) {
	t.Helper()
	if race {
		t.Skip("compares numbers: nothing for the race detector that the tests of threads do not run")
	}
}
