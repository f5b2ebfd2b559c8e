package imgio

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Names of XMP. The one of the recipe is our own.
const (
	nsRecipe = "urn:nst:recipe#"
	nsRDF    = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
)

// Provenance says how a picture came to be. Empty texts are left out of the file.
type Provenance struct {
	Software   string // name and version of the program
	About      string // a sentence for people
	SourceType string // digital source type of the IPTC, a URI
	Recipe     string // how the program makes the picture again, JSON; [ReadRecipe] reads it back
}

// Fits reports whether the provenance of a picture with that copyright notice fits into a file
// of a format of [FormatOf]. A JPEG has room for 64 KB.
func (p *Provenance) Fits(format, copyright string) bool {
	return format != "jpeg" || len(xmpHeader)+len(p.packet(copyright, true)) <= mostSegment
}

// packet returns the provenance and a copyright notice as an XMP packet (ISO 16684-1). recipe
// says whether it holds the recipe.
func (p *Provenance) packet(copyright string, recipe bool) string {
	var b strings.Builder
	property := func(name, before, value, after string) {
		if value == "" {
			return
		}
		b.WriteString("  <" + name + ">" + before)
		_ = xml.EscapeText(&b, []byte(value)) // a builder takes everything
		b.WriteString(after + "</" + name + ">\n")
	}
	b.WriteString(`<?xpacket begin="` + "\uFEFF" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="` + nsRDF + `">
 <rdf:Description rdf:about=""
   xmlns:dc="http://purl.org/dc/elements/1.1/"
   xmlns:xmp="http://ns.adobe.com/xap/1.0/"
   xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
   xmlns:nst="` + nsRecipe + `">
`)
	const alt, endAlt = `<rdf:Alt><rdf:li xml:lang="x-default">`, `</rdf:li></rdf:Alt>`
	property("xmp:CreatorTool", "", p.Software, "")
	property("Iptc4xmpExt:DigitalSourceType", "", p.SourceType, "")
	property("dc:description", alt, p.About, endAlt)
	property("dc:rights", alt, copyright, endAlt)
	if recipe {
		property("nst:recipe", "", p.Recipe, "")
	}
	b.WriteString(" </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n" + `<?xpacket end="w"?>`)
	return b.String()
}

// errNoRecipe means that there is none.
var errNoRecipe = errors.New("no recipe")

// xmpRecipe returns the recipe in an XMP packet: an element, or an attribute, as other programs
// may have written it. The error is errNoRecipe, or ErrCorrupt for text that is no XML.
func xmpRecipe(packet []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(packet))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return "", errNoRecipe
		}
		if err != nil {
			return "", errors.Join(ErrCorrupt, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Space == nsRecipe && start.Name.Local == "recipe" {
			var text string
			if err := d.DecodeElement(&text, &start); err != nil {
				return "", errors.Join(ErrCorrupt, err)
			}
			return text, nil
		}
		for _, a := range start.Attr {
			if a.Name.Space == nsRecipe && a.Name.Local == "recipe" {
				return a.Value, nil
			}
		}
	}
}
