package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"nst/imgio"
	"nst/nst"
	"nst/nst/instant"
)

// serve paints a photograph once for each line on standard input. The time that it prints
// runs from the photograph in memory to the picture with 8 bits, as in lite.py.
func serve(ctx context.Context, args []string) error {
	size, err := strconv.Atoi(args[2])
	if err != nil {
		return fmt.Errorf("SIZE: %w", err)
	}
	o := instant.DefaultApply()
	if o.Threads, err = strconv.Atoi(args[3]); err != nil {
		return fmt.Errorf("THREADS: %w", err)
	}
	photo, _, err := imgio.Open(args[1])
	if err != nil {
		return err
	}
	paint, err := painter(args[0], o)
	if err != nil {
		fmt.Println(err)
		return err
	}
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		began := time.Now()
		p, err := paint(ctx, fitted(photo, size))
		if err != nil {
			return err
		}
		p.Image()
		fmt.Println(time.Since(began).Seconds())
	}
	return nil
}

// painter returns what paints in a style: a file of a network, the name of a built-in style,
// or a painting.
func painter(style string, o instant.ApplyOptions) (func(context.Context, *imgio.Planar) (*imgio.Planar, error), error) {
	if p, _, err := imgio.Open(style); err == nil {
		u, err := instant.Universal()
		return func(ctx context.Context, photo *imgio.Planar) (*imgio.Planar, error) {
			return u.Apply(ctx, photo, []nst.StylePicture{{Picture: p, Weight: 1}}, o)
		}, err
	}
	m, i, err := network(style)
	if err != nil {
		return nil, err
	}
	weights := make([]float64, len(m.Styles()))
	weights[i] = 1
	return func(ctx context.Context, photo *imgio.Planar) (*imgio.Planar, error) {
		return m.Apply(ctx, photo, weights, o)
	}, nil
}

// network returns the first style of the network in a file, or a built-in style.
func network(style string) (*instant.Model, int, error) {
	if _, err := os.Stat(style); err == nil {
		m, err := instant.Load(style)
		return m, 0, err
	}
	m, err := instant.Builtin()
	if err != nil {
		return nil, 0, err
	}
	i, err := m.Index(style)
	return m, i, err
}
