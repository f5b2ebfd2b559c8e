package nst

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"time"

	"nst/imgio"
	"nst/internal/engine/exec"
	"nst/vgg"
)

// Transfer paints pictures with one network and one set of options. Only one of its methods
// may be called at a time.
type Transfer struct {
	options Options // with the style layers of the network where none were named
	network *network
	origin  origin // of the styles that it makes
	devices
	closed bool
	now    func() time.Time
}

// New returns a Transfer. The weights must not be changed afterwards; the options are copied.
// Close frees what the Transfer holds.
//
// The error is what [Options.Validate] finds; a [vgg.DepthError] or [vgg.TapError] for each
// layer in o that the weights do not reach or cannot be used at; a [DeviceError] for a card
// that is asked for and cannot be used; an [OptionError] for a Tolerance that no scale is long
// enough for; or what [vgg.Weights.Check] finds.
func New(w *vgg.Weights, o Options) (*Transfer, error) {
	if w == nil || w.Network == nil {
		return nil, errors.New("nst: the weights are missing")
	}
	if err := w.Check(); err != nil {
		return nil, fmt.Errorf("nst: %w", err)
	}
	if err := o.Validate(w.Network); err != nil {
		return nil, err
	}
	made := originOf(w, &o)
	o.Objective.resolve(w.Network)
	n, err := newNetwork(w, &o)
	if err != nil {
		return nil, err
	}
	if err := o.checkTolerance(len(n.oriented)); err != nil {
		return nil, err
	}
	d, err := o.open(w.Network, os.Getenv)
	if err != nil {
		return nil, err
	}
	return &Transfer{options: o, network: n, origin: made, devices: d, now: time.Now}, nil
}

// threads is the number that Compute.Threads stands for.
func threads(n int) int {
	if n == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return n
}

// Device names what computes.
func (t *Transfer) Device() string { return t.preferred().Name() }

// Beside returns another Transfer with the network and options of t, whose processor has a
// number of threads of its own. Both may be used at the same time, and share the filters as
// the kernels want them. With a card the error is [ErrCard]. Another error is [ErrClosed].
func (t *Transfer) Beside(threads int) (*Transfer, error) {
	switch {
	case t.closed:
		return nil, ErrClosed
	case t.card != nil:
		return nil, ErrCard
	}
	own := *t
	own.devices = devices{cpu: t.cpu.Beside(threads), by: t.by, auto: t.auto, passed: t.passed}
	if t.exact != nil {
		own.exact = own.cpu.Passing()
	}
	own.options.Compute.Threads = threads
	return &own, nil
}

// ErrCard means that a [Transfer] has a card, which only one may use.
var ErrCard = errors.New("nst: the Transfer has a card")

// Close frees the devices. Afterwards the methods of t return [ErrClosed]; another Close
// does nothing.
func (t *Transfer) Close() error {
	if t.closed {
		return nil
	}
	t.closed = true
	return t.close()
}

// size is Options.Size for a content picture.
func (o *Options) size(content *imgio.Planar) int {
	w, h := content.Whole()
	return o.SizeFor(Size{w, h})
}

// SizeFor returns the longest side of the result for a content of that size, in pixels.
func (o *Options) SizeFor(content Size) int {
	if o.Size == OriginalSize {
		return max(content.W, content.H)
	}
	return o.Size
}

// fit scales a picture so that its longest side is size.
func fit(p *imgio.Planar, size int) *imgio.Planar {
	w, h := p.Whole()
	return p.Resize(imgio.FitLongest(w, h, size))
}

// Run paints one picture. If ctx is cancelled it returns, within one operation of the
// network, both the result of the iterations done and an error that wraps ctx.Err(); so it
// does with a [DivergedError], and with an [OutOfMemoryError] after the first scale. Before the
// first iteration there is no result.
//
// Other errors are [ErrClosed]; a [PictureError], [StyleError] or [MaskError] for what is
// wrong in j; [ErrMaskCount], unless there is one region for each style picture; a
// [TooSmallError]; [ErrBlind]; a [ResumeError]; and, with a card, a [MemoryError], [UnsupportedError] or [CardError].
func (t *Transfer) Run(ctx context.Context, j Job) (*Result, error) {
	r, err := t.prepare(&j)
	if err != nil {
		return nil, err
	}
	if t.passed != nil && j.Warn != nil {
		j.Warn(t.passed)
		t.passed = nil // said once
	}
	if j.Started != nil {
		j.Started()
	}
	full := r.plan[len(r.plan)-1]
	var result *Result
	err = t.fallBack(j.Warn, func(d exec.Device) (begun bool, err error) {
		r := r.on(d)
		result, err = r.paint(ctx)
		return r.result.Iterations > 0, t.named(err, full.w, full.h)
	})
	return result, err
}

// SizeError tells that a picture cannot be scored, because it has not the size of the
// content once both are scaled to Options.Size.
type SizeError struct {
	Width, Height               int // of the picture, pixels, as scaled
	ContentWidth, ContentHeight int // of the content, pixels, as scaled
}

// Error gives both sizes.
func (e *SizeError) Error() string {
	return fmt.Sprintf("nst: picture is %dx%d pixels, content %dx%d: they must have the same aspect", e.Width, e.Height, e.ContentWidth, e.ContentHeight)
}

// Score evaluates the objective for a picture without changing it, at the size of the
// result. Content and picture are scaled as Run scales the content. regions are as in a
// [Job]. The errors are those of [Transfer.Run], and a [SizeError].
func (t *Transfer) Score(ctx context.Context, content *imgio.Planar, s *Style, picture *imgio.Planar, regions ...*Mask) (*Score, error) {
	if t.closed {
		return nil, ErrClosed
	}
	if err := errors.Join(checkPicture("content", content), checkPicture("scored picture", picture), t.checkStyle(s)); err != nil {
		return nil, err
	}
	size := t.options.size(content)
	c, p := fit(content, size), fit(picture, size)
	if c.W != p.W || c.H != p.H {
		return nil, &SizeError{p.W, p.H, c.W, c.H}
	}
	parts, err := regionsOf(regions, s, c.W, c.H)
	if err != nil {
		return nil, err
	}
	s = s.over(parts)
	if err := t.network.visible(scale{size: size, w: c.W, h: c.H}, s); err != nil {
		return nil, err
	}
	of := comparison{content: c, contentWeight: t.options.Objective.ContentWeight, style: s, size: size, score: true, calm: calmOf(c, t.options.Objective.Calm)}
	var score *Score
	err = t.fallBack(nil, func(d exec.Device) (begun bool, err error) {
		score, err = evaluator{t.network, 0, t.exactly(d)}.scoreOf(ctx, of, p)
		return false, t.named(err, c.W, c.H)
	})
	return score, err
}

// scoreOf returns the terms of a picture.
func (e evaluator) scoreOf(ctx context.Context, of comparison, p *imgio.Planar) (*Score, error) {
	of.matched = make([]float32, len(p.Pix))
	e.centre.subtract(of.matched, p.Pix)
	o, err := e.newObjective(ctx, of)
	if err != nil {
		return nil, err
	}
	defer o.close()
	if _, err := o.evaluate(ctx, p.Pix, nil); err != nil {
		return nil, err
	}
	return o.score(), nil
}

// ErrRetune means that a [Transfer] cannot take other options, because its styles depend on
// what differs.
var ErrRetune = errors.New("nst: these options need a Transfer of their own")

// Retune gives t other options for further runs, which may use the styles that t has made.
// These may differ: ContentWeight, StyleWeight, TVWeight and Calm of [Objective]; AutoBalance,
// Iterations, Tolerance, Init and Seed of [Schedule]; Method, LearningRate and History of
// [Optimizer]; and Color. If another option differs, or the precision that auto stands for, the
// error is [ErrRetune]. Other errors are [ErrClosed] and what [Options.Validate] finds. After an
// error t is unchanged.
func (t *Transfer) Retune(o Options) error {
	if t.closed {
		return ErrClosed
	}
	o.Objective.resolve(t.network.weights().Network)
	same := t.options
	same.Objective.ContentWeight, same.Objective.StyleWeight, same.Objective.TVWeight = o.Objective.ContentWeight, o.Objective.StyleWeight, o.Objective.TVWeight
	same.Objective.Calm = o.Objective.Calm
	same.Schedule.AutoBalance = o.Schedule.AutoBalance
	same.Schedule.Iterations, same.Optimizer.Method, same.Optimizer.LearningRate = o.Schedule.Iterations, o.Optimizer.Method, o.Optimizer.LearningRate
	same.Optimizer.History, same.Schedule.Tolerance = o.Optimizer.History, o.Schedule.Tolerance
	same.Schedule.Init, same.Schedule.Seed = o.Schedule.Init, o.Schedule.Seed
	same.Color = o.Color
	net := t.network.weights().Network
	if !reflect.DeepEqual(same, o) || o.Compute.Precision == PrecisionAuto && o.suitsBF16(net) != t.options.suitsBF16(net) {
		return ErrRetune
	}
	if err := errors.Join(o.Validate(t.network.weights().Network), o.checkTolerance(len(t.network.oriented))); err != nil {
		return err
	}
	t.options, t.network = o, t.network.retuned(&o)
	return nil
}
