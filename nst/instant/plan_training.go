package instant

import (
	"nst/imgio"
	"nst/internal/engine/exec"
	"nst/internal/feedforward"
	"nst/nst"
	"nst/vgg"
)

// TrainingPlanner says how much memory a [Trainer] takes, for different options. What the options
// have in common is planned once.
type TrainingPlanner struct {
	weights *vgg.Weights
	photos  int
	styles  []nst.Size
	plans   map[Options]nst.Plan
	steps   map[Options]exec.Plan // by the options without a size of styles
}

// NewTrainingPlanner returns a planner of trainings with so many photographs and the given sizes of
// style pictures. weights may be an outline.
func NewTrainingPlanner(weights *vgg.Weights, photos int, styles []nst.Size) *TrainingPlanner {
	return &TrainingPlanner{weights, photos, styles, map[Options]nst.Plan{}, map[Options]exec.Plan{}}
}

// Plan returns the memory of a training with options o. It allocates none of it.
func (t *TrainingPlanner) Plan(o Options) (nst.Plan, error) {
	if p, ok := t.plans[o]; ok {
		return p, nil
	}
	d, err := openPlanner(o.Threads)
	if err != nil {
		return nst.Plan{}, err
	}
	defer d.Close()
	p, err := t.plan(d, o)
	if err == nil {
		t.plans[o] = p
	}
	return p, err
}

// teacher returns the memory of the machine that takes the steps of a lesson.
func (t *TrainingPlanner) teacher(d *exec.CPU, l feedforward.Lesson, o Options) (exec.Plan, error) {
	o.StyleSize = 0
	if m, ok := t.steps[o]; ok {
		return m, nil
	}
	m, err := feedforward.PlanTeacher(d, l)
	if err == nil {
		t.steps[o] = m
	}
	return m, err
}

// plan is Plan for a processor.
func (t *TrainingPlanner) plan(d *exec.CPU, o Options) (nst.Plan, error) {
	l := (&Trainer{options: o, loss: t.weights}).lesson()
	m, err := t.teacher(d, l, o)
	if err != nil {
		return nst.Plan{}, err
	}
	features, scratch := m.Features+m.Masks, m.Scratch
	var pictures int64
	for _, s := range t.styles {
		w, h := s.W, s.H
		if fw, fh := imgio.FitLongest(w, h, o.StyleSize); fw < w {
			w, h = fw, fh
		}
		pictures = max(pictures, 2*nst.Size{W: w, H: h}.Bytes())
		p, err := l.PlanStyle(d, w, h)
		if err != nil {
			return nst.Plan{}, err
		}
		features, scratch = features+max(0, p.Features+p.Masks-features), max(scratch, p.Scratch)
	}
	side := photoSide(t.photos, o.Size)
	values := 0
	for _, f := range t.weights.Filters {
		values += len(f.W) + len(f.B)
	}
	p := nst.Plan{Device: d.Name(), Width: o.Size, Height: o.Size}
	p.AddMapped(nst.PartFilters, m.Weights)
	p.AddMapped(nst.PartFeatures, features)
	p.Add(nst.PartScratch, scratch)
	p.Add(nst.PartNetwork, 4*int64(values))
	p.Add("parameters and optimiser", 4*4*int64(l.Count(len(t.styles))))
	p.Add("photographs", int64(t.photos)*3*int64(side*side)*4/3)
	p.Add(nst.PartPictures, pictures+int64(o.Batch+2)*nst.Size{W: o.Size, H: o.Size}.Bytes())
	p.Add("program", nst.ProgramBytes)
	painter, err := feedforward.PlanPainter(d, l.Architecture, o.Size, o.Size)
	if err != nil {
		return nst.Plan{}, err
	}
	p.AddMapped("the network that paints samples", painter.Total())
	return p, planComparison(&p, t.weights, o, t.styles)
}

// planComparison adds what [Trainer.Compare] takes beyond the steps, whose features and working
// space it frees.
func planComparison(p *nst.Plan, weights *vgg.Weights, o Options, styles []nst.Size) error {
	t, err := nst.New(weights, o.compared())
	if err != nil {
		return err
	}
	defer t.Close()
	var most nst.Plan
	for _, s := range styles {
		c, err := t.PlanAt(nst.Inputs{Content: nst.Size{W: o.Size, H: o.Size}, Styles: []nst.Size{s}}, o.Size)
		if err != nil {
			return err
		}
		if c.Total > most.Total {
			most = c
		}
	}
	p.AddAfter("the comparison at the end",
		most.OnHost()-most.OnHeap(), most.OnHeap()-nst.ProgramBytes-p.Of(nst.PartNetwork),
		p.Of(nst.PartFeatures), p.Of(nst.PartScratch))
	return nil
}
