//go:build !race

package reftest

const race = false
