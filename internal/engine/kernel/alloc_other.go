//go:build !linux

package kernel

// adviseHuge does nothing: other systems choose their pages themselves.
func adviseHuge([]byte) {}
