package imgio

import "context"

// OpenContext is [Open] that returns the error of ctx as soon as ctx ends. The decoder does
// not stop then: it goes on in the background until it is done, or the process ends.
func OpenContext(ctx context.Context, path string, limits ...Limit) (*Planar, Info, error) {
	type opened struct {
		p    *Planar
		info Info
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		p, info, err := Open(path, limits...)
		done <- opened{p, info, err}
	}()
	select {
	case o := <-done:
		return o.p, o.info, o.err
	case <-ctx.Done():
		return nil, Info{}, ctx.Err()
	}
}
