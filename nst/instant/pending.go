package instant

// Builtin returns the network with the styles that are part of the program. The error is
// [ErrNoBuiltin] if there are none.
func Builtin() (*Model, error) { return nil, ErrNoBuiltin }
