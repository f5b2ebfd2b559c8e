//go:build linux && amd64

package entry

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLimits starts a program within limits on addresses. Where Go would not start, there is an
// error of two lines and the exit code 1; otherwise the program runs and has its arguments.
func TestLimits(t *testing.T) {
	hello := filepath.Join(t.TempDir(), "hello")
	build := exec.Command("go", "build", "-ldflags", "-E nst_entry", "-o", hello, "./testdata/hello")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for limit, starts := range map[string]bool{
		"262144": false, "524288": false, "851967": false, "1000000": true, "1126400": false,
		"1343487": false, "1400000": true, "3000000": true, "unlimited": true,
	} {
		p := exec.Command("sh", "-c", fmt.Sprintf("ulimit -v %s; exec %s a b", limit, hello))
		var stdout, stderr bytes.Buffer
		p.Stdout, p.Stderr = &stdout, &stderr
		err := p.Run()
		if starts && (err != nil || stdout.String() != "hello 3\n") {
			t.Errorf("ulimit -v %s: %v: %q, %q", limit, err, stdout.String(), stderr.String())
		}
		lines := strings.SplitAfter(stderr.String(), "\n")
		if !starts && (p.ProcessState.ExitCode() != 1 || stdout.Len() > 0 || len(lines) != 3 ||
			!strings.HasPrefix(lines[0], "nst: error: ") || !strings.HasPrefix(lines[1], "nst: hint: ") || lines[2] != "") {
			t.Errorf("ulimit -v %s: %v: %q, %q", limit, err, stdout.String(), stderr.String())
		}
	}
}
