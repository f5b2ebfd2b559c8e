package instant

import (
	"os"
	"runtime"

	"nst/imgio"
	"nst/internal/engine/exec"
	"nst/internal/feedforward"
	"nst/nst"
	"nst/vgg"
)

// Plan returns the memory that [Model.Apply] takes for a picture of w by h pixels, that picture
// and the result included. It allocates none of it.
func (m *Model) Plan(w, h int, o ApplyOptions) (nst.Plan, error) {
	d, err := openPlanner(o.Threads)
	if err != nil {
		return nst.Plan{}, err
	}
	defer d.Close()
	return planApply(d, m.network.Architecture, 4*int64(len(m.network.Params)), w, h, o, exec.Plan{})
}

// Plan returns the memory that [UniversalModel.Apply] takes for a picture of w by h pixels and
// styles of the given sizes, as [Model.Plan] does. The pictures of styles are not counted.
func (m *UniversalModel) Plan(w, h int, styles []nst.Size, o ApplyOptions) (nst.Plan, error) {
	d, err := openPlanner(o.Threads)
	if err != nil {
		return nst.Plan{}, err
	}
	defer d.Close()
	var describing exec.Plan
	for _, s := range styles {
		sw, sh := s.W, s.H
		if fw, fh := imgio.FitLongest(sw, sh, PaintingSize); fw < sw {
			sw, sh = max(fw, MinContent), max(fh, MinContent)
		}
		p, err := m.describer.Plan(d, sw, sh)
		if err != nil {
			return nst.Plan{}, err
		}
		if p.Total() > describing.Total() {
			describing = p
		}
	}
	return planApply(d, m.network.Architecture, 4*int64(len(m.network.Params))+m.describer.Bytes(), w, h, o, describing)
}

// openPlanner opens the processor for plans.
func openPlanner(threads int) (*exec.CPU, error) {
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	return exec.OpenCPU(threads, os.Getenv)
}

// planApply returns the memory of one pass over a picture, after one that describes styles, by
// a network of so many bytes.
func planApply(d *exec.CPU, a feedforward.Architecture, network int64, w, h int, o ApplyOptions, describing exec.Plan) (nst.Plan, error) {
	wide, high := (w+3)/4*4, (h+3)/4*4
	pictures := 2 * nst.Size{W: wide, H: high}.Bytes() // the content, and its copy that is painted over
	if o.Color != nst.ColourStyle {
		pictures += 2 * nst.Size{W: w, H: h}.Bytes()
	}
	var m exec.Plan
	var err error
	stored := int64(0)
	if wide*high > bandedPixels {
		m, stored, err = feedforward.PlanBands(d, a, wide, high)
	} else {
		m, err = feedforward.PlanPainter(d, a, wide, high)
	}
	if err != nil {
		return nst.Plan{}, err
	}
	p := nst.Plan{Device: d.Name(), Width: w, Height: h}
	p.AddMapped(nst.PartFilters, m.Weights+describing.Weights)
	p.AddMapped("features", max(m.Features+m.Masks, describing.Features+describing.Masks))
	p.Add(nst.PartScratch, max(m.Scratch, describing.Scratch)+stored)
	p.Add(nst.PartNetwork, network)
	p.Add(nst.PartPictures, pictures)
	p.Add("program", nst.ProgramBytes)
	return p, nil
}

// PlanTraining returns the memory that a [Trainer] takes with so many photographs and the given
// sizes of style pictures. It allocates none of it. weights may be an outline.
func PlanTraining(weights *vgg.Weights, o Options, photos int, styles []nst.Size) (nst.Plan, error) {
	d, err := openPlanner(o.Threads)
	if err != nil {
		return nst.Plan{}, err
	}
	defer d.Close()
	t := &Trainer{options: o, loss: weights}
	l := t.lesson()
	m, err := feedforward.PlanTeacher(d, l)
	if err != nil {
		return nst.Plan{}, err
	}
	features, scratch := m.Features+m.Masks, m.Scratch
	var pictures int64
	for _, s := range styles {
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
	side := photoSide(photos, o.Size)
	values := 0
	for _, f := range weights.Filters {
		values += len(f.W) + len(f.B)
	}
	p := nst.Plan{Device: d.Name(), Width: o.Size, Height: o.Size}
	p.AddMapped(nst.PartFilters, m.Weights)
	p.AddMapped(nst.PartFeatures, features)
	p.Add(nst.PartScratch, scratch)
	p.Add(nst.PartNetwork, 4*int64(values))
	p.Add("parameters and optimiser", 4*4*int64(l.Count(len(styles))))
	p.Add("photographs", int64(photos)*3*int64(side*side)*4/3)
	p.Add(nst.PartPictures, pictures+int64(o.Batch+2)*nst.Size{W: o.Size, H: o.Size}.Bytes())
	p.Add("program", nst.ProgramBytes)
	painter, err := feedforward.PlanPainter(d, l.Architecture, o.Size, o.Size)
	if err != nil {
		return nst.Plan{}, err
	}
	p.AddMapped("the network that paints samples", painter.Total())
	return p, planComparison(&p, weights, o, styles)
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
