//go:build !race

package kernel

// annotate returns s. Only builds with the race detector need the reports.
func annotate(s *isa) *isa { return s }
