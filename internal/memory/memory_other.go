//go:build !linux

package memory

// AdviseHuge does nothing: other systems choose their pages themselves.
func AdviseHuge([]byte) {}
