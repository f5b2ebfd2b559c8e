package sheet

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"io"
	"math"
	"strconv"
)

// svg is a canvas that writes an SVG.
type svg struct{ body bytes.Buffer }

func newSVG() *svg {
	s := new(svg)
	fmt.Fprintf(&s.body, `<svg xmlns="http://www.w3.org/2000/svg" width="%gpt" height="%gpt" viewBox="0 0 %[1]g %[2]g"`+
		` font-family="Helvetica, Arial, 'Liberation Sans', sans-serif">`+"\n", chartWidth, chartHeight)
	fmt.Fprintf(&s.body, `<rect width="%g" height="%g" fill="%s"/>`+"\n", chartWidth, chartHeight, hex(paper))
	return s
}

func (s *svg) rule(a, b point, dashed bool, c color.RGBA) {
	dashes := ""
	if dashed {
		dashes = ` stroke-dasharray="3 3"`
	}
	fmt.Fprintf(&s.body, `<line x1="%s" y1="%s" x2="%s" y2="%s" stroke="%s" stroke-width="0.5"%s/>`+"\n",
		coordinate(a.x), coordinate(a.y), coordinate(b.x), coordinate(b.y), hex(c), dashes)
}

func (s *svg) stroke(line []point, width float64, c color.RGBA) {
	s.body.WriteString(`<path d="M`)
	for i, p := range line {
		if i > 0 {
			s.body.WriteByte(' ')
		}
		s.body.WriteString(place(p))
	}
	if len(line) == 1 {
		s.body.WriteString("h0") // a line of no length has round ends all the same
	}
	fmt.Fprintf(&s.body, `" fill="none" stroke="%s" stroke-width="%g" stroke-linecap="round" stroke-linejoin="round"/>`+"\n", hex(c), width)
}

func (s *svg) text(at point, text string, l lettering) {
	to := fmt.Sprintf(`x="%s" y="%s"`, coordinate(at.x), coordinate(at.y))
	if l.upward {
		to = fmt.Sprintf(`transform="translate(%s) rotate(-90)"`, place(at))
	}
	fmt.Fprintf(&s.body, `<text %s font-size="%g" fill="%s" text-anchor="%s">`, to,
		l.size.points(), hex(l.colour), [...]string{start: "start", middle: "middle", end: "end"}[l.side])
	_ = xml.EscapeText(&s.body, []byte(text)) // a buffer takes everything
	s.body.WriteString("</text>\n")
}

func (s *svg) encode(w io.Writer) error {
	s.body.WriteString("</svg>\n")
	_, err := s.body.WriteTo(w)
	return err
}

// hex writes a colour, which has no transparency.
func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

func place(p point) string { return coordinate(p.x) + "," + coordinate(p.y) }

// coordinate writes hundredths of a point, which the eye cannot see.
func coordinate(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}
