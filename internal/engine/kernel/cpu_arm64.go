//go:build arm64 && !noasm && gc

package kernel

func supported() []*CPU {
	return []*CPU{{annotate(neon()), []string{"asimd"}}, {generic(), []string{"asimd"}}}
}
