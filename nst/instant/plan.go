package instant

import (
	"os"
	"runtime"

	"nst/imgio"
	"nst/internal/engine/exec"
	"nst/internal/feedforward"
	"nst/nst"
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
