package film

import (
	"os/exec"
	"syscall"
)

// detach keeps the interrupt of a terminal from a process: nst ends it when its work is saved.
func detach(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
