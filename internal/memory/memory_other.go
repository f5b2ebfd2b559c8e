//go:build !linux

package memory

// adviseHuge does nothing: other systems choose their pages themselves.
func adviseHuge([]byte) {}
