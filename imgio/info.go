package imgio

import "fmt"

// Info describes a file that [Decode] or [Open] has read.
type Info struct {
	Format        string // jpeg, png, webp, tiff, bmp, gif or heif
	Width, Height int    // in pixels, after orientation
	Orientation   int    // EXIF orientation of the stored picture, 1 to 8; 1 is upright
	Grey          bool   // greyscale
	Alpha         bool   // some pixel is not opaque
	Deep          bool   // 16 bits per channel
	CMYK          bool   // stored as CMYK
	Animated      bool   // the file has more frames than the first, which was read
	Pages         int    // pictures in a file of several pages, the first of which was read; else 0
	Profile       string // description of the embedded colour profile; "" if there is none or it is sRGB
	Converted     bool   // pixels were converted from Profile to sRGB
	Mask          bool   // read by [OpenMask]
	Coloured      bool   // a mask with colours
	Converter     string // what decoded the file, if that was a [Converter]
}

// Notes describes, for people, what is special about the file and how it was converted to a
// [Planar]. It is nil for a plain picture.
func (i Info) Notes() []string {
	var notes []string
	add := func(when bool, format string, args ...any) {
		if when {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	add(i.Converter != "", "read with %s", i.Converter)
	add(i.Animated, "first frame of an animation")
	add(i.Pages > 1, "first of %d pages", i.Pages)
	add(i.Orientation > 1, "turned upright (EXIF orientation %d)", i.Orientation)
	add(i.Grey && !i.Mask, "greyscale") // masks usually are
	add(i.Mask && i.Coloured, "has colours: their brightness selects")
	add(i.CMYK && !i.Converted, "CMYK turned into RGB by the plain formula")
	add(i.Deep, "16 bits per channel")
	add(i.Alpha && !i.Mask, "transparency flattened on white")
	add(i.Alpha && i.Mask, "transparency selects nothing, as black")
	add(i.Profile != "" && i.Converted, "colours converted from %s to sRGB", i.Profile)
	add(i.Profile != "" && !i.Converted, "colour profile ignored: %s", i.Profile)
	return notes
}
