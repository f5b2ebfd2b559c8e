package imgio_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"log"

	"nst/imgio"
)

func Example() {
	// A picture from anywhere, in any of the formats that Decode knows.
	src := image.NewNRGBA(image.Rect(0, 0, 300, 200))
	src.SetNRGBA(0, 0, color.NRGBA{0xff, 0x80, 0, 0xff})

	p := imgio.FromImage(src)
	w, h := imgio.FitLongest(p.W, p.H, 100)
	p = p.Resize(w, h)

	var file bytes.Buffer
	if err := imgio.Encode(&file, p, "png", imgio.Encoding{Depth: 16, Provenance: imgio.Provenance{Recipe: "mostly nothing"}}); err != nil {
		log.Fatal(err)
	}
	recipe, err := imgio.ReadRecipe(bytes.NewReader(file.Bytes()))
	if err != nil {
		log.Fatal(err)
	}
	_, info, err := imgio.Decode(&file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Format, info.Width, info.Height, info.Notes(), recipe)
	// Output: png 100 67 [16 bits per channel] mostly nothing
}

func ExampleInfo_Notes() {
	info := imgio.Info{Orientation: 6, Profile: "Display P3", Converted: true}
	for _, note := range info.Notes() {
		fmt.Println(note)
	}
	// Output:
	// turned upright (EXIF orientation 6)
	// colours converted from Display P3 to sRGB
}
