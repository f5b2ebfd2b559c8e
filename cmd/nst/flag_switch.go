package main

import "strings"

// joinSwitches returns args with the word of a switch joined to it: --clamp off becomes
// --clamp=off. pflag does not do that, because a switch needs no value. Only switches that
// set an option take a word after a space.
func joinSwitches(args []string) []string {
	switches := map[string]bool{}
	s := defaults()
	for _, r := range flagTable() {
		if v, ok := r.value(&s).(*switchValue); ok && !v.plain {
			switches["--"+r.name] = true
			switches["--"+r.old] = r.old != ""
		}
	}
	var out []string
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(out, args[i:]...)
		}
		out = append(out, args[i])
		if !switches[args[i]] || i+1 == len(args) {
			continue
		}
		if _, ok := switchWords()[strings.ToLower(args[i+1])]; ok {
			i++
			out[len(out)-1] += "=" + args[i]
		}
	}
	return out
}
