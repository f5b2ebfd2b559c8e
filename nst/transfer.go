package nst

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"nst/imgio"
	"nst/internal/engine/exec"
	"nst/internal/optim"
	"nst/vgg"
)

// Transfer paints pictures with one network and one set of options. Its methods
// may not be called at the same time.
type Transfer struct {
	sight            // the view of which runs begin with the first
	view     int     // which of the views that is
	sights   []sight // all views
	centre   centre
	options  Options // with the style layers of the network where none were named
	origin   origin  // of the styles that it makes
	closed   bool
	features vgg.FeatureOptions
	devices
	device exec.Device  // one of the two
	vector exec.Vectors // of the host
	now    func() time.Time
}

// New returns a Transfer, or what [Options.Validate] finds. The weights must
// reach to the deepest layer in o, with maps have one of each (else the error is a
// [vgg.TapError]), and must not be changed afterwards. A card that is asked for and
// cannot be used is a [DeviceError]. Close frees what it holds.
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
	if err := deepEnough(w, &o); err != nil {
		return nil, err
	}
	features, err := o.features()
	if err != nil {
		return nil, fmt.Errorf("nst: %w", err)
	}
	d, err := o.open(os.Getenv)
	if err != nil {
		return nil, err
	}
	w = o.prepared(w)
	t := &Transfer{centre: centreOf(w.Convention), options: o, origin: made, features: features, devices: d, device: d.cpu, vector: d.cpu.Vectors(), now: time.Now}
	if d.card != nil {
		t.device = d.card
	}
	if o.Color == ColourLuma {
		t.centre = t.centre.grey()
	}
	if t.sights, err = sightsOf(w, t.centre, o.Objective.Orientations); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	t.sight = t.sights[0]
	return t, nil
}

// deepEnough returns an error if the weights end before the deepest tap, or have no
// use for one.
func deepEnough(w *vgg.Weights, o *Options) error {
	end, last := 0, ""
	for i, l := range w.Network.Layers {
		if _, ok := w.Filters[l.Name]; ok {
			end, last = i, l.Name
		}
	}
	for _, name := range layerNames(slices.Concat(o.Objective.ContentLayers, o.Objective.StyleLayers)) {
		if err := w.CheckTap(name); err != nil {
			return err
		}
		i, err := w.Network.Index(name)
		if err != nil {
			return err
		}
		for j, l := range w.Network.Layers[:i+1] {
			if l.Kind == vgg.Conv && j > end {
				return fmt.Errorf("nst: layer %s is out of reach: the %s weights end at %s", name, w.Network.Name, last)
			}
		}
	}
	return nil
}

// threads is the number that Options.Threads stands for.
func threads(n int) int {
	if n == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return n
}

// Close frees the devices. Afterwards the methods of t return [ErrClosed]; another Close
// does nothing.
func (t *Transfer) Close() error {
	if t.closed {
		return nil
	}
	t.closed = true
	err := t.cpu.Close()
	if t.card != nil {
		err = errors.Join(err, t.card.Close())
	}
	return err
}

// TooSmallError tells that a picture is too small for the network: nothing is
// left of it at a layer.
type TooSmallError struct {
	What          string // content, style
	Width, Height int    // pixels, as scaled
	Layer         string
	Size          int // the least Options.Size at which this is left; 0 if none is known
}

// Error says how large the picture is, in pixels, and where nothing is left of it.
func (e *TooSmallError) Error() string {
	return fmt.Sprintf("nst: %s picture of %dx%d pixels leaves no features at %s", e.What, e.Width, e.Height, e.Layer)
}

// DivergedError tells that the loss exploded or ceased to be a number, and did so
// again from the best picture with shorter steps, where the optimiser has that.
type DivergedError struct {
	Iteration int // over all scales
	Rollbacks int
}

// Error says at which iteration, and after how many rollbacks.
func (e *DivergedError) Error() string {
	if e.Rollbacks > 0 {
		return fmt.Sprintf("nst: the loss exploded at iteration %d, after %d rollbacks to the best picture", e.Iteration, e.Rollbacks)
	}
	return fmt.Sprintf("nst: the loss stopped being a number at iteration %d", e.Iteration)
}

// checkSize returns a TooSmallError if a w x h picture is pooled away before the
// deepest of the taps.
func (t *Transfer) checkSize(what string, w, h int, taps []string) error {
	for _, name := range taps {
		i, err := t.weights.Network.Index(name)
		if err != nil {
			return err
		}
		if s := t.weights.Network.Stride(i); w/s < 1 || h/s < 1 {
			return &TooSmallError{What: what, Width: w, Height: h, Layer: name}
		}
	}
	return nil
}

// size is Options.Size for a content picture.
func (t *Transfer) size(content *imgio.Planar) int {
	if t.options.Size == OriginalSize {
		return max(content.W, content.H)
	}
	return t.options.Size
}

// fit scales a picture so that its longest side is size.
func fit(p *imgio.Planar, size int) *imgio.Planar {
	w, h := imgio.FitLongest(p.W, p.H, size)
	return p.Resize(w, h)
}

// Run paints one picture. If ctx is cancelled it returns, within one operation of
// the network, both the result of the iterations done and an error that wraps
// ctx.Err(); likewise with a [DivergedError] when the loss stops being a number.
// Before the first iteration there is no result. A mask in j that does not serve
// is a [MaskError]; regions that are not one for each style picture are [ErrMaskCount];
// a card with too little memory is a [MemoryError], one without the kernels an
// [UnsupportedError], one that fails a [CardError].
func (t *Transfer) Run(ctx context.Context, j Job) (*Result, error) {
	if err := t.checkJob(&j); err != nil {
		return nil, err
	}
	size := t.size(j.Content)
	if size < MinSize || size > MaxSize {
		return nil, fmt.Errorf("nst: content of %dx%d pixels: the longest side must be between %d and %d", j.Content.W, j.Content.H, MinSize, MaxSize)
	}
	w, h := imgio.FitLongest(j.Content.W, j.Content.H, size)
	regions, err := regionsOf(j.Regions, j.Style, w, h)
	if err != nil {
		return nil, err
	}
	j.Style = j.Style.over(regions)
	plan, err := t.plan(j.Content, j.Style, size)
	if err != nil {
		return nil, err
	}
	mode, full := colourOf(t.options.Color), plan[len(plan)-1]
	if j.Protect != nil {
		if j.Protect, err = j.Protect.forProtection(full.w, full.h); err != nil {
			return nil, err
		}
	}
	j.Style = j.Style.coloured(mode, j.Content.Resize(full.w, full.h))
	if t.passed != nil && j.Warn != nil {
		j.Warn(t.passed)
		t.passed = nil // said once
	}
	var result *Result
	begun := 0
	paint := func() error {
		r := &run{transfer: t, job: &j, colour: mode, plan: slices.Clone(plan), began: t.now(), result: &Result{Stop: StopIterations}}
		err := t.room(plan, j.Style)
		if err == nil {
			result, err = r.paint(ctx)
			begun = r.result.Iterations
		}
		return t.named(err, full.w, full.h)
	}
	if err = paint(); begun == 0 && t.yields(err) {
		if j.Warn != nil {
			j.Warn(err)
		}
		err = t.onCPU(paint)
	}
	return result, err
}

// Score evaluates the objective for a picture without changing it, at the size of
// the result. Both pictures are scaled as Run scales the content; then they must
// be of one size. regions are as in a [Job].
func (t *Transfer) Score(ctx context.Context, content *imgio.Planar, s *Style, picture *imgio.Planar, regions ...*Mask) (*Score, error) {
	if t.closed {
		return nil, ErrClosed
	}
	if err := errors.Join(checkPicture("content", content), checkPicture("scored picture", picture), t.checkStyle(s)); err != nil {
		return nil, err
	}
	size := t.size(content)
	c, p := fit(content, size), fit(picture, size)
	if c.W != p.W || c.H != p.H {
		return nil, fmt.Errorf("nst: picture of %dx%d pixels cannot be held against content of %dx%d", p.W, p.H, c.W, c.H)
	}
	parts, err := regionsOf(regions, s, c.W, c.H)
	if err != nil {
		return nil, err
	}
	s = s.over(parts)
	if err := t.visible(scale{size: size, w: c.W, h: c.H}, s); err != nil {
		return nil, err
	}
	var score *Score
	look := func() error {
		o, err := t.newObjective(ctx, c, t.options.Objective.ContentWeight, s, size, true)
		if err != nil {
			return t.named(err, c.W, c.H)
		}
		defer o.close()
		if _, err := o.evaluate(ctx, p.Pix, nil); err != nil {
			return t.named(err, c.W, c.H)
		}
		score = o.score()
		return nil
	}
	if err = look(); t.yields(err) {
		err = t.onCPU(look)
	}
	return score, err
}

// start returns the first picture of a run, for the content as it is scaled.
func (t *Transfer) start(content, given *imgio.Planar) *imgio.Planar {
	switch t.options.Schedule.Init {
	case InitNoise:
		return noise(content.W, content.H, t.options.Schedule.Seed)
	case InitMean:
		return meanColour(content.W, content.H, centreOf(t.weights.Convention), t.options.Schedule.Seed)
	case InitImage:
		return given.Resize(content.W, content.H).Clone()
	}
	return content.Clone()
}

// The safeguards of lbfgs, in 8-bit levels: no pixel moves further in a step, nor in
// one that knows nothing of the curvature.
const (
	maxMove   = 64
	firstMove = 1
)

// The pyramid that lbfgs is preconditioned with: away from the edges, what is even
// over 2^pyramidLevels pixels takes steps 31 times as long as the finest grain does.
// The losses, which are of features that answer to edges and grain, curve far less
// along what is even, and a history of some pairs does not tell that of a hundred
// thousand pixels.
const (
	pyramidLevels = 4
	pyramidWeight = 2
)

// optimizer returns the optimiser that the options ask for, over pictures of w by h
// pixels.
func (o *Options) optimizer(w, h int, v exec.Vectors) (optim.Optimizer, error) {
	n, rate := 3*w*h, o.Optimizer.LearningRate
	if o.Optimizer.Method == Adam {
		a := optim.DefaultAdam()
		a.Beta2, a.Eps = o.Optimizer.Beta2, o.Optimizer.Epsilon
		if rate == 0 {
			rate = 10
		}
		a.LR = rate
		return optim.NewAdam(n, a, v)
	}
	l := optim.DefaultLBFGS()
	if rate != 0 {
		l.LR = rate
	}
	if o.Optimizer.Method == LBFGS {
		l.MaxMove, l.FirstMove = maxMove, firstMove
		l.Precondition = func(dst, src []float32) { v.Pyramid(dst, src, 3, h, w, pyramidLevels, pyramidWeight) }
	}
	l.History, l.StrongWolfe = o.Optimizer.History, o.Optimizer.Method == LBFGSWolfe
	return optim.NewLBFGS(n, l, v)
}
