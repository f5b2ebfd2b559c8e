package main

import (
	"github.com/spf13/pflag"

	"nst/internal/film"
)

// filmSettings are the flags of nst video.
type filmSettings struct {
	smooth     float64
	sequence   bool // folders of frames in place of files
	codec      string
	paint      bool    // by optimisation
	iterations int     // of a frame, with paint
	crf        float64 // negative is the default of the codec
}

func defaultFilm() filmSettings { return filmSettings{smooth: 0.7, iterations: 20, crf: -1} }

// filmRows are the flags of nst video.
func filmRows() []flagRow {
	return []flagRow{
		{
			name: "size", group: groupSchedule, everyday: true, in: inVideo,
			usage: "longest side of the film in pixels, at most that of IN; original takes the size of IN",
			bind:  func(s *settings) pflag.Value { return &sizeValue{size: &s.pass.size} },
		},
		{
			name: "output", short: "o", group: groupOutput, everyday: true, in: inVideo,
			usage:    "film to write, .mp4, .m4v, .mov, .mkv, .webm or .gif; a folder with --sequence",
			fallback: "named after the inputs",
			bind:     func(s *settings) pflag.Value { return &textValue{&s.output, "FILE"} },
		},
		{
			name: "smooth", group: groupStyle, everyday: true, in: inVideo,
			usage: "how much of the last frame, moved along, is mixed into the next against flicker, 0 to 0.95",
			bind:  func(s *settings) pflag.Value { return &numberValue{&s.film.smooth} },
		},
		{
			name: "sequence", group: groupOutput, everyday: true, in: inVideo,
			usage: "IN and OUT are folders of frames, which needs no ffmpeg",
			bind:  func(s *settings) pflag.Value { return &switchValue{&s.film.sequence, true} },
		},
		{
			name: "paint", group: groupSchedule, everyday: true, in: inVideo,
			usage: "paint each frame by an optimisation, as nst stylize does, 20 to 200 times slower; STYLE is a painting",
			bind:  func(s *settings) pflag.Value { return &switchValue{&s.film.paint, true} },
		},
		{
			name: "iterations", group: groupSchedule, in: inVideo,
			usage: "with --paint, number of iterations of each frame after the first of a scene, which has those of nst stylize",
			bind:  func(s *settings) pflag.Value { return &wholeValue[int]{&s.film.iterations} },
		},
		{
			name: "codec", group: groupOutput, in: inVideo,
			usage: "kind of video: h264, h265, vp9, mpeg4 or, without loss, ffv1", fallback: "h264, in .webm vp9",
			bind:  func(s *settings) pflag.Value { return &textValue{&s.film.codec, "NAME"} },
			offer: func(*env) []string { return film.Codecs() },
		},
		{
			name: "crf", group: groupOutput, in: inVideo,
			usage:    "quality of h264, h265 and vp9: a lower number is better and takes more space",
			fallback: "18, 20, 24",
			bind:     func(s *settings) pflag.Value { return &numberValue{&s.film.crf} },
		},
	}
}
