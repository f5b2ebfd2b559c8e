package imgio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrNoRecipe means that a picture has no recipe.
var ErrNoRecipe = errNoRecipe

// ReadRecipe returns the recipe in a PNG, JPEG, WebP or TIFF file that was written with
// [Provenance], also if another program has stored the metadata again as XMP. Errors match
// [ErrNoRecipe], [ErrFormat], [ErrCorrupt] or [ErrTooLarge], or come from r.
func ReadRecipe(r io.Reader, limits ...Limit) (string, error) {
	c, data, err := load(r, -1, newLimits(limits))
	if err == nil {
		var text string
		if text, err = recipeIn(c.name, data); err == nil {
			return text, nil
		}
	}
	return "", fmt.Errorf("imgio: %w", err)
}

// recipeIn looks for a recipe in a file.
func recipeIn(format string, data []byte) (string, error) {
	var packets [][]byte
	switch format {
	case "png":
		for kind, body := range pngChunks(data) {
			t, ok, err := pngText(kind, body)
			switch {
			case err != nil || !ok: // of another program
			case t.key == recipeKey:
				return t.value, nil
			case t.key == "XML:com.adobe.xmp":
				packets = append(packets, []byte(t.value))
			}
		}
	case "jpeg":
		for marker, body := range jpegSegments(data) {
			if packet, ok := bytes.CutPrefix(body, []byte(xmpHeader)); ok && marker == 0xe1 {
				packets = append(packets, packet)
			}
		}
	case "webp":
		for kind, body := range riffChunks(data) {
			if kind == "XMP " {
				packets = append(packets, body)
			}
		}
	case "tiff":
		d, ok := parseTIFF(data)
		if !ok {
			break
		}
		if text := strings.TrimRight(string(d.bytes(tagDescription)), "\x00"); strings.HasPrefix(text, "{") {
			return text, nil
		}
		packets = append(packets, d.bytes(tagXMP))
	}
	err := ErrNoRecipe
	for _, packet := range packets {
		text, errPacket := xmpRecipe(packet)
		if errPacket == nil {
			return text, nil
		}
		if !errors.Is(errPacket, ErrNoRecipe) {
			err = errPacket
		}
	}
	return "", err
}
