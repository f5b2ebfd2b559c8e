//go:build (!amd64 && !arm64) || noasm || !gc

package kernel

func supported() []*CPU { return []*CPU{{isa: generic()}} }
