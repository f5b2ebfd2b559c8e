package film

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nst/imgio"
)

// tools returns ffmpeg, or skips the test.
func tools(t *testing.T) *Tools {
	t.Helper()
	f, err := Find(context.Background())
	if errors.As(err, new(*MissingError)) {
		t.Skip("needs ffmpeg: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// ffmpeg makes a file.
func ffmpeg(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.Command("ffmpeg", append([]string{"-loglevel", "error", "-y", "-nostdin"}, args...)...).CombinedOutput()
	if strings.Contains(string(out), "Unknown encoder") {
		t.Skip("needs an ffmpeg with all encoders: ", string(out))
	}
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// clip makes a film of 40 frames with tone, drawn by ffmpeg, whose frames are not equally far
// apart.
func clip(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clip.mp4")
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc=s=96x64:r=25:d=1.6", "-f", "lavfi", "-i", "sine=440:d=1.8",
		"-vf", "setpts=PTS+gt(N\\,10)*0.3/TB+mod(N\\,2)*0.011/TB,setsar=4/3", "-fps_mode", "passthrough", "-enc_time_base", "1:90000",
		"-video_track_timescale", "90000", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "10", "-c:a", "aac",
		"-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", path)
	return path
}

// facts are what ffprobe says of a film.
func facts(t *testing.T, path string) string {
	t.Helper()
	var all []string
	for _, args := range [][]string{
		{"-select_streams", "v", "-show_entries", "frame=pts_time"},
		{"-select_streams", "v", "-show_entries", "stream=duration,sample_aspect_ratio,color_range,color_space,color_primaries,color_transfer"},
		{"-select_streams", "a", "-show_packets", "-show_entries", "packet=pts_time,size"},
	} {
		out, err := exec.Command("ffprobe", append(append([]string{"-loglevel", "error", "-of", "default=nokey=0:noprint_wrappers=1"}, args...), path)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(out))
	}
	return strings.Join(all, "--\n")
}

// paint paints a film in parts of 12 frames with an echo, until most frames are painted.
func paint(t *testing.T, f *Tools, in, out string, most int) (frames int, partial string, err error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	info, err := f.Probe(ctx, in)
	if err != nil {
		return 0, "", err
	}
	shape, err := f.Shape(ctx, info, 0)
	if err != nil {
		return 0, "", err
	}
	parts, err := f.NewParts(ctx, PartsOptions{Path: out, Info: info, Shape: shape, Encoding: Encoding{CRF: -1}, Frames: 12, Settings: "echo"})
	if err != nil {
		return 0, "", err
	}
	defer parts.Close()
	s := NewSteady(&echo{noise: 0.1}, 0.7, 2)
	source, err := f.Decode(ctx, info, DecodeOptions{Skip: max(0, parts.Done()-1)})
	if err != nil {
		return 0, "", err
	}
	defer source.Close()
	if parts.Done() > 0 {
		last, memory, err := parts.Resume()
		if err != nil {
			t.Fatal(err)
		}
		before, err := source.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Resume(before.Picture, last, memory); err != nil {
			t.Fatal(err)
		}
	}
	n := parts.Done()
	err = Run(ctx, source, parts, s, func() {
		if n++; n == most {
			stop()
		}
	})
	path := out
	if err != nil {
		path = Partial(out)
	}
	frames, failed := parts.Finish(context.Background(), err == nil)
	if failed == nil {
		failed = parts.Place(path, true)
	}
	if failed != nil {
		t.Fatal(failed)
	}
	if err == nil {
		return frames, "", parts.Remove()
	}
	return frames, path, err
}

// TestParts paints a film without and with a break: all that ffprobe says of times, audio and
// colours is as it was, and both are the same bytes. The film of what was done plays.
func TestParts(t *testing.T) {
	f, in, dir := tools(t), clip(t), t.TempDir()
	whole, parted := filepath.Join(dir, "whole.mp4"), filepath.Join(dir, "parted.mp4")
	if n, _, err := paint(t, f, in, whole, -1); n != 40 || err != nil {
		t.Fatal(n, err)
	}
	if a, b := facts(t, in), facts(t, whole); a != b {
		t.Errorf("the film was\n%s\nand is\n%s", a, b)
	}
	n, partial, err := paint(t, f, in, parted, 30)
	if !errors.Is(err, context.Canceled) || n < 29 || n > 31 {
		t.Fatalf("interrupted after %d frames: %v", n, err)
	}
	if info, err := f.Probe(context.Background(), partial); err != nil || info.Frames != n || len(info.Audio) != 1 {
		t.Errorf("the film of what was done has %+v, %v", info, err)
	}
	if n, _, err := paint(t, f, in, parted, -1); n != 40 || err != nil {
		t.Fatal(n, err)
	}
	a, err := os.ReadFile(whole)
	b, err2 := os.ReadFile(parted)
	if err != nil || err2 != nil || !slices.Equal(a, b) {
		t.Errorf("a film with a break has %d bytes, others than the %d without: %v %v", len(b), len(a), err, err2)
	}
	if _, err := os.Stat(PartsFolder(parted)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the parts are left: %v", err)
	}
}

// TestDecode compares decoded frames with those that were encoded without loss.
func TestDecode(t *testing.T) {
	f, path := tools(t), filepath.Join(t.TempDir(), "a.mkv")
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc=s=50x34:r=10:d=0.5", "-c:v", "ffv1", "-pix_fmt", "bgr0", path)
	info, err := f.Probe(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := exec.Command("ffmpeg", "-loglevel", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, skip := range []int{0, 3, 5} {
		s, err := f.Decode(context.Background(), info, DecodeOptions{Skip: skip})
		if err != nil {
			t.Fatal(err)
		}
		got := frames(t, s)
		if len(got) != 5-skip {
			t.Fatalf("%d frames after %d", len(got), skip)
		}
		for i, frame := range got {
			b := make([]byte, 3*50*34)
			newPixels(false).pack(b, frame.Picture)
			if !slices.Equal(b, raw[(i+skip)*len(b):][:len(b)]) {
				t.Errorf("frame %d differs", i+skip)
			}
		}
		s.Close()
	}
}

// TestRotated reads a film that is to be shown on its side.
func TestRotated(t *testing.T) {
	f, in := tools(t), clip(t)
	path := filepath.Join(t.TempDir(), "rotated.mp4")
	ffmpeg(t, "-i", in, "-c", "copy", "-metadata:s:v", "rotate=90", path)
	info, err := f.Probe(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.Shape(context.Background(), info, 0)
	if err != nil {
		t.Fatal(err)
	}
	if info.Rotation == 0 {
		t.Skip("this ffmpeg writes no rotation")
	}
	if s.W != 64 || s.H != 96 || s.Aspect != (Ratio{3, 4}) {
		t.Errorf("frames of %dx%d, pixels %v", s.W, s.H, s.Aspect)
	}
}

// TestBadFilms looks at the errors.
func TestBadFilms(t *testing.T) {
	f, in, dir := tools(t), clip(t), t.TempDir()
	text, sound, pcm := filepath.Join(dir, "text.mp4"), filepath.Join(dir, "sound.m4a"), filepath.Join(dir, "pcm.mov")
	if err := os.WriteFile(text, []byte(strings.Repeat("no film\n", 500)), 0o666); err != nil {
		t.Fatal(err)
	}
	ffmpeg(t, "-i", in, "-vn", "-c:a", "copy", sound)
	ffmpeg(t, "-i", in, "-c:v", "copy", "-c:a", "pcm_s16le", pcm)
	if _, err := f.Probe(context.Background(), text); !errors.Is(err, ErrUnknown) {
		t.Errorf("text: %v", err)
	}
	if _, err := f.Probe(context.Background(), sound); !errors.As(err, new(*NoVideoError)) {
		t.Errorf("sound: %v", err)
	}
	encoding := new(EncodingError)
	if _, _, err := paint(t, f, pcm, filepath.Join(dir, "a.mp4"), -1); !errors.As(err, &encoding) || encoding.What != "audio" {
		t.Errorf("audio that does not fit: %v", err)
	}
	if _, err := os.Stat(PartsFolder(filepath.Join(dir, "a.mp4"))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder is left: %v", err)
	}
	info, err := f.Probe(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	shape := Shape{W: 96, H: 64, Base: Ratio{1, 90000}}
	err = f.check(context.Background(), info, codec{name: "h264", encoder: "nonesuch", crf: -1}, shape, filepath.Join(dir, "a.mp4"), dir)
	if !errors.As(err, &encoding) || encoding.What != "encoder" {
		t.Errorf("an encoder that is missing: %v", err)
	}
}

// TestDamaged decodes a film with a damaged part in the middle: the rest is there.
func TestDamaged(t *testing.T) {
	f, in := tools(t), clip(t)
	path := filepath.Join(t.TempDir(), "a.ts")
	ffmpeg(t, "-i", in, "-c", "copy", "-f", "mpegts", path)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 5; i < len(b)/2; i++ {
		if at := i - i%188; i%188 > 60 && b[at+1]&0x40 == 0 { // no packet that begins a frame
			b[i] ^= 0x5A
		}
	}
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	info, err := f.Probe(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.Decode(context.Background(), info, DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	last := int64(-1)
	n := 0
	for {
		frame, err := s.Next(context.Background())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if frame.Time <= last {
			t.Errorf("a frame at %d after %d", frame.Time, last)
		}
		last = frame.Time
		n++
	}
	if n < 20 || s.Damage() == "" {
		t.Errorf("%d frames of 40, damage %q", n, s.Damage())
	}
}

// TestMissing looks for ffmpeg where there is none.
func TestMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Find(context.Background()); !errors.As(err, new(*MissingError)) {
		t.Errorf("%v", err)
	}
}

func TestOldSync(t *testing.T) {
	for version, want := range map[string]bool{
		"ffmpeg version 4.4.2-0ubuntu0": true, "ffmpeg version n5.0.1": true, "ffmpeg version 5.1.9-0+deb12u1": false,
		"ffmpeg version 7.1": false, "ffmpeg version N-118193-g5f38c82536": false, "": false,
	} {
		if got := oldSync(version); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}

// TestPixels packs levels and unpacks them again.
func TestPixels(t *testing.T) {
	for _, deep := range []bool{false, true} {
		p := newPixels(deep)
		b := make([]byte, p.size(16, 16))
		for i := range b {
			b[i] = byte(i * 7)
		}
		m, got := p.unpack(b, 16, 16), make([]byte, len(b))
		p.pack(got, m)
		if !slices.Equal(got, b) {
			t.Errorf("deep %v: other bytes", deep)
		}
	}
	m := imgio.NewPlanar(1, 1)
	m.Pix[0], m.Pix[1], m.Pix[2] = -1, 2, float32(nan())
	b := make([]byte, 3)
	newPixels(false).pack(b, m)
	if !slices.Equal(b, []byte{0, 255, 0}) {
		t.Errorf("outside of 0 to 1: %v", b)
	}
}

func nan() float64 {
	zero := 0.0
	return zero / zero
}

// TestPack rounds values between two levels as a file does: in float32, some of them come out
// on the other side.
func TestPack(t *testing.T) {
	m := imgio.NewPlanar(256, 40)
	for i := range m.Pix {
		v := (float32(i%255) + 0.5) / 255
		for range i / 255 % 20 {
			v = math.Nextafter32(v, 2)
		}
		for range i / 255 / 20 % 20 {
			v = math.Nextafter32(v, -1)
		}
		m.Pix[i] = v
	}
	path := filepath.Join(t.TempDir(), "m.png")
	if err := imgio.Save(path, m, imgio.Encoding{}); err != nil {
		t.Fatal(err)
	}
	want, _, err := imgio.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range rounded(m).Pix {
		if v != want.Pix[i] {
			t.Fatalf("%v becomes %v, in a file %v", m.Pix[i], 255*v, 255*want.Pix[i])
		}
	}
}
