package film

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Info is what ffprobe says of a film.
type Info struct {
	Path     string
	W, H     int   // of the stored frames, before rotation
	Rotation int   // degrees
	Base     Ratio // seconds of a tick
	Aspect   Ratio // width over height of a pixel; Num 0 is not known
	Frames   int   // about; 0 is not known
	Duration time.Duration
	Codec    string   // of the video
	Audio    []string // codecs of the audio
	Deep     bool     // more than 8 bits a channel
	Colour   Colour

	stream int  // of the video
	exact  bool // Duration is that of the video, not of all
}

// Colour says how numbers of a film stand for colours, in ffmpeg's words. Empty is not known.
type Colour struct {
	Range, Matrix, Primaries, Transfer string
}

// NoVideoError tells that a file has no moving picture.
type NoVideoError struct{ Streams []string } // what it has: audio, subtitle

// Error says what the file has.
func (e *NoVideoError) Error() string {
	if len(e.Streams) == 0 {
		return "film: there is no video in it"
	}
	return "film: there is no video in it, only " + strings.Join(e.Streams, " and ")
}

// ErrUnknown tells that a file is not a film that ffmpeg knows.
var ErrUnknown = errors.New("film: ffmpeg does not know what kind of file it is, or it is damaged")

// Probe reads what is in a film. Errors match fs.ErrNotExist and ErrUnknown, or are a
// [NoVideoError] or a [ToolError].
func (t *Tools) Probe(ctx context.Context, path string) (*Info, error) {
	if stat, err := os.Stat(path); err != nil {
		return nil, err
	} else if stat.Size() == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrUnknown)
	}
	var said messages
	cmd := exec.CommandContext(ctx, t.ffprobe, "-hide_banner", "-loglevel", "error", "-of", "json", "-show_streams", "-show_format", fileURL(path))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	detach(cmd)
	if err := cmd.Run(); err != nil {
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case strings.Contains(said.reason(), "Invalid data found"):
			return nil, ErrUnknown
		}
		return nil, &ToolError{"ffprobe", said.reason(), err}
	}
	return readProbe(path, out.Bytes())
}

// probed is the part of ffprobe's JSON that counts.
type probed struct {
	Streams []stream `json:"streams"`
	Format  struct {
		Duration string `json:"duration"`
	} `json:"format"`
}

// stream is a stream in it.
type stream struct {
	Index       int    `json:"index"`
	Kind        string `json:"codec_type"`
	Codec       string `json:"codec_name"`
	Tag         string `json:"codec_tag_string"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	PixFmt      string `json:"pix_fmt"`
	Bits        string `json:"bits_per_raw_sample"`
	Base        string `json:"time_base"`
	Aspect      string `json:"sample_aspect_ratio"`
	Rate        string `json:"avg_frame_rate"`
	Frames      string `json:"nb_frames"`
	Duration    string `json:"duration"`
	Range       string `json:"color_range"`
	Matrix      string `json:"color_space"`
	Primaries   string `json:"color_primaries"`
	Transfer    string `json:"color_transfer"`
	Disposition struct {
		Attached int `json:"attached_pic"`
	} `json:"disposition"`
	SideData []struct {
		Rotation float64 `json:"rotation"`
	} `json:"side_data_list"`
}

// readProbe reads the output of ffprobe.
func readProbe(path string, out []byte) (*Info, error) {
	var p probed
	if err := json.Unmarshal(out, &p); err != nil {
		return nil, &ToolError{"ffprobe", "its output is no JSON", err}
	}
	info := &Info{Path: path, stream: -1}
	none := &NoVideoError{}
	for _, s := range p.Streams {
		switch {
		case s.Kind == "video" && s.Disposition.Attached == 0 && info.stream < 0:
			info.video(s, p.Format.Duration)
		case s.Kind == "audio":
			info.Audio = append(info.Audio, s.Codec)
		}
		if s.Kind == "audio" || s.Kind == "subtitle" {
			none.Streams = append(none.Streams, s.Kind)
		}
	}
	switch {
	case info.stream < 0:
		return nil, none
	case info.W <= 0 || info.H <= 0 || info.Base.Num <= 0 || info.Base.Den <= 0:
		return nil, fmt.Errorf("%w: the size of its frames is not known", ErrUnknown)
	}
	return info, nil
}

// video takes over what is said of a stream.
func (i *Info) video(s stream, duration string) {
	i.stream, i.Codec, i.W, i.H = s.Index, s.Codec, s.Width, s.Height
	i.Base, i.Aspect = ratio(s.Base, "/"), ratio(s.Aspect, ":")
	if seconds, err := strconv.ParseFloat(s.Duration, 64); err == nil {
		i.Duration, i.exact = time.Duration(seconds*float64(time.Second)), true
	} else if seconds, err := strconv.ParseFloat(duration, 64); err == nil {
		i.Duration = time.Duration(seconds * float64(time.Second))
	}
	i.Frames, _ = strconv.Atoi(s.Frames) // 0 if it is not known
	if i.Frames == 0 {
		i.Frames = int(math.Round(i.Duration.Seconds() * ratio(s.Rate, "/").Float()))
	}
	for _, d := range s.SideData {
		if d.Rotation != 0 {
			i.Rotation = int(d.Rotation)
		}
	}
	bits, _ := strconv.Atoi(s.Bits)
	deep := []string{"p9", "p10", "p12", "p14", "p16", "48", "64", "x2", "gray10", "gray12", "gray16", "f32", "p010", "p012", "p016", "p210", "p410"}
	i.Deep = bits > 8
	for _, d := range deep {
		i.Deep = i.Deep || strings.Contains(s.PixFmt, d)
	}
	known := func(word string) string {
		if word == "unknown" || word == "reserved" {
			return ""
		}
		return word
	}
	i.Colour = Colour{known(s.Range), known(s.Matrix), known(s.Primaries), known(s.Transfer)}
	if strings.HasPrefix(s.PixFmt, "yuvj") {
		i.Colour.Range = "pc"
	}
}

// ratio reads a fraction, 0/0 if it is none.
func ratio(s, by string) Ratio {
	a, b, _ := strings.Cut(s, by)
	num, err := strconv.ParseInt(a, 10, 64)
	den, err2 := strconv.ParseInt(b, 10, 64)
	if err != nil || err2 != nil || den == 0 {
		return Ratio{}
	}
	return Ratio{num, den}
}

// matrix returns the name of the colour matrix for ffmpeg's filter scale. What is not known is
// bt601 both ways, which is that filter's own default.
func (c Colour) matrix() string {
	switch c.Matrix {
	case "bt709", "fcc", "smpte240m":
		return c.Matrix
	case "bt2020nc", "bt2020c":
		return "bt2020"
	case "gbr":
		return "bt709"
	}
	return "bt601"
}

// tags returns the filter that marks frames with the colours.
func (c Colour) tags() string {
	if c.Matrix == "gbr" {
		c.Matrix = "bt709"
	}
	if c.Matrix == "bt2020c" { // frames are computed as bt2020nc
		c.Matrix = "bt2020nc"
	}
	var set []string
	for _, p := range [][2]string{{"range", c.outRange()}, {"colorspace", c.Matrix}, {"color_primaries", c.Primaries}, {"color_trc", c.Transfer}} {
		if p[1] != "" {
			set = append(set, p[0]+"="+p[1])
		}
	}
	return "setparams=" + strings.Join(set, ":")
}

func (c Colour) outRange() string {
	if c.Range == "pc" {
		return "pc"
	}
	return "tv"
}
