package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// sameSignal is the time after the first signal in which others count as the same. timeout(1)
// sends two at once, and a closed terminal can send more.
const sameSignal = 500 * time.Millisecond

// stopOnSignals makes the first interrupt, termination or hangup call stop, which asks the
// command to save what it has and to end. A later signal kills the process. A hangup does
// nothing where it was ignored from the start, as nohup(1) does.
func stopOnSignals(stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	// To write where nobody reads is an error, and not the end of the process. Programs that nst
	// starts do not inherit this, as they would if the signal were ignored.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	go func() {
		<-signals
		stop()
		time.Sleep(sameSignal)
		signal.Stop(signals)
	}()
}

// await returns what f returns, or the error of ctx as soon as ctx ends. Then f goes on in the
// background, and what it returns is lost.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
