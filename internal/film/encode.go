package film

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Encoding says how a film is written.
type Encoding struct {
	Codec string  // one of [Codecs]; empty takes that of the container
	CRF   float64 // quality of h264, h265 and vp9, 0 to 63, smaller is better; negative takes the default
}

// codec is a kind of video that is written. Encoders have a fixed number of threads, so that
// the same frames give the same bytes on every machine. No frame refers to a later one: parts
// join exactly, and times never go back.
type codec struct {
	name, encoder string
	crf           float64 // default; negative is none
	mostCRF       float64
	containers    []string
	tag           string // in mp4 and mov
	args          []string
	odd           bool // odd sides are possible with subsampled colour
	eight         bool // has no more than 8 bits
	rgb           bool // keeps RGB
}

func codecs() []codec {
	all := []string{".mp4", ".m4v", ".mov", ".mkv"}
	return []codec{
		{name: "h264", encoder: "libx264", crf: 18, mostCRF: 51, containers: all, args: []string{"-preset", "faster", "-bf", "0", "-threads", "4"}},
		{name: "h265", encoder: "libx265", crf: 20, mostCRF: 51, containers: all, tag: "hvc1", args: []string{"-preset", "medium", "-x265-params", "bframes=0:pools=4:frame-threads=2:log-level=error"}},
		{
			name: "vp9", encoder: "libvpx-vp9", crf: 24, mostCRF: 63, containers: []string{".webm", ".mkv", ".mp4"}, odd: true,
			args: []string{"-b:v", "0", "-threads", "4", "-lag-in-frames", "0", "-auto-alt-ref", "0", "-deadline", "good", "-cpu-used", "3"},
		},
		{name: "mpeg4", encoder: "mpeg4", crf: -1, containers: all, odd: true, eight: true, args: []string{"-q:v", "2", "-bf", "0", "-threads", "1"}},
		{name: "ffv1", encoder: "ffv1", crf: -1, containers: []string{".mkv"}, odd: true, rgb: true, args: []string{"-level", "3", "-slices", "4", "-threads", "4"}},
	}
}

// Codecs lists the kinds of video that can be written.
func Codecs() []string {
	var names []string
	for _, c := range codecs() {
		names = append(names, c.name)
	}
	return names
}

// Containers lists the name extensions of films that can be written.
func Containers() []string { return []string{".mp4", ".m4v", ".mov", ".mkv", ".webm"} }

// muxers are ffmpeg's names of the containers.
func muxer(ext string) string {
	return map[string]string{".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}[ext]
}

// EncodingError tells that a film cannot be written in this way.
type EncodingError struct {
	What, Reason string // crf, codec, container, encoder or audio; and why it cannot be
	Advice       string // what to do, or empty
}

// Error returns the reason.
func (e *EncodingError) Error() string { return "film: " + e.Reason }

// Extension returns the extension of a path in lower case. The error is an [EncodingError]
// that lists the containers.
func Extension(path string) (string, error) {
	ext := strings.ToLower(filepath.Ext(path))
	if !slices.Contains(Containers(), ext) {
		return "", &EncodingError{"container", fmt.Sprintf("%q is no kind of film that nst writes", ext), "use one of " + strings.Join(Containers(), ", ")}
	}
	return ext, nil
}

// choose returns the codec for a container.
func (e Encoding) choose(ext string) (codec, error) {
	name := e.Codec
	if name == "" {
		name = "h264"
		if ext == ".webm" {
			name = "vp9"
		}
	}
	at := slices.IndexFunc(codecs(), func(c codec) bool { return c.name == name })
	if at < 0 {
		return codec{}, &EncodingError{"codec", "there is no codec " + name, "use one of " + strings.Join(Codecs(), ", ")}
	}
	c := codecs()[at]
	switch {
	case !slices.Contains(c.containers, ext):
		return c, &EncodingError{"codec", fmt.Sprintf("%s cannot be in a file %s", name, ext), name + " can be in " + strings.Join(c.containers, ", ")}
	case e.CRF >= 0 && c.crf < 0:
		return c, &EncodingError{"crf", name + " has no such quality", ""}
	case e.CRF > c.mostCRF:
		return c, &EncodingError{"crf", fmt.Sprintf("must be 0 to %g for %s", c.mostCRF, name), ""}
	case e.CRF >= 0:
		c.crf = e.CRF
	}
	return c, nil
}

// encodeArgs returns the arguments that encode raw frames from standard input.
func (t *Tools) encodeArgs(c codec, s Shape, colour Colour) []string {
	format := "yuv420p"
	odd := s.W%2 != 0 || s.H%2 != 0
	switch {
	case c.rgb && s.Deep:
		format = "gbrp16le"
	case c.rgb:
		format = "gbrp"
	case s.Deep && !c.eight && odd && !c.odd:
		format = "yuv444p10le"
	case s.Deep && !c.eight:
		format = "yuv420p10le"
	case odd && !c.odd:
		format = "yuv444p"
	}
	filter := fmt.Sprintf("scale=out_color_matrix=%s:out_range=%s:flags=gauss+accurate_rnd+full_chroma_inp,format=%s,%s",
		colour.matrix(), colour.outRange(), format, colour.tags())
	if c.rgb {
		filter = "format=" + format
	}
	args := []string{"-copyts", "-f", "nut", "-i", "pipe:0", "-vf", filter, "-enc_time_base", s.Base.String(), "-c:v", c.encoder}
	args = append(args, c.args...)
	if c.crf >= 0 {
		args = append(args, "-crf", strconv.FormatFloat(c.crf, 'g', -1, 64))
	}
	args = append(args, t.passthrough()...)
	return append(args, "-pix_fmt", format, "-flags:v", "+bitexact", "-fflags", "+bitexact", "-f", "nut")
}

// span says when a film begins and ends.
type span struct {
	start     float64 // seconds to the first frame
	end       float64 // seconds to the end, if it is cut there; else 0
	frames    int
	lastTicks int64 // how long the last frame lasts, where that is not as long as the one before; else 0
}

// joinArgs returns the arguments that put video from standard input together with all else of
// the film. span says when it begins and ends.
func joinArgs(info *Info, c codec, base Ratio, when span, path string) []string {
	ext := strings.ToLower(filepath.Ext(path))
	args := []string{"-y"}
	if when.start > 0 {
		args = append(args, "-itsoffset", strconv.FormatFloat(when.start, 'f', 6, 64))
	}
	args = append(args, "-f", "nut", "-i", "pipe:0")
	if info.stream >= 0 {
		args = append(args, "-i", fileURL(info.Path), "-map", "0:v:0", "-map", "1:a?", "-map_metadata", "1", "-map_chapters", "1")
		if ext == strings.ToLower(filepath.Ext(info.Path)) {
			args = append(args, "-map", "1:s?")
		}
	}
	args = append(args, "-c", "copy", "-fflags", "+bitexact")
	if when.end > 0 {
		args = append(args, "-t", strconv.FormatFloat(when.end, 'f', 6, 64))
	}
	if when.lastTicks > 0 { // the container says how long all others last by what comes next
		args = append(args, "-bsf:v", fmt.Sprintf("setts=duration=if(eq(N\\,%d)\\,%d\\,DURATION)", when.frames-1, when.lastTicks))
	}
	if m := muxer(ext); m == "mp4" || m == "mov" {
		args = append(args, "-movflags", "+faststart", "-video_track_timescale", strconv.FormatInt(base.Den, 10))
		if c.tag != "" {
			args = append(args, "-tag:v", c.tag)
		}
	}
	return append(args, "-f", muxer(ext), fileURL(path))
}

// check encodes a black frame and puts it together with the audio, so that a film which cannot
// be written shows before it is painted. The files go to dir.
func (t *Tools) check(ctx context.Context, info *Info, c codec, s Shape, path, dir string) error {
	var raw buffer
	w, err := newNUTWriter(&raw, rawTrack(s))
	if err == nil {
		err = w.write(packet{make([]byte, newPixels(s.Deep).size(s.W, s.H)), 0, true})
	}
	if err != nil {
		return err
	}
	video, err := t.run(ctx, raw, append(t.encodeArgs(c, s, info.Colour), "pipe:1")...)
	switch {
	case says(err, "Unknown encoder"):
		return &EncodingError{"encoder", fmt.Sprintf("this ffmpeg has no encoder %s for %s", c.encoder, c.name), "install an ffmpeg that has it, or choose another codec: " + strings.Join(Codecs(), ", ")}
	case err != nil:
		return err
	}
	trial := filepath.Join(dir, "trial"+strings.ToLower(filepath.Ext(path)))
	defer os.Remove(trial)
	args := joinArgs(info, c, info.Base, span{end: 0.1}, trial)
	_, err = t.run(ctx, video, args...)
	switch {
	case says(err, "ould not find tag", "not currently supported", "are supported"):
		return &EncodingError{"audio", fmt.Sprintf("the audio (%s) cannot be in a file %s", strings.Join(info.Audio, ", "), filepath.Ext(path)), "name a file .mkv, which takes all kinds, or .mov"}
	}
	return err
}

// rawTrack describes raw frames.
func rawTrack(s Shape) track {
	fourcc := []byte{'R', 'G', 'B', 24}
	if s.Deep {
		fourcc[3] = 48
	}
	return track{fourcc: fourcc, base: s.Base, width: s.W, height: s.H, aspect: s.Aspect}
}

// buffer is bytes in memory.
type buffer []byte

// Write appends p.
func (b *buffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}
