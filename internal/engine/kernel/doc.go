// Package kernel is the fast code of the house: the operations of a VGG network
// and its gradient, of the style and smoothness losses and of the optimisers, on
// slices of float32. It knows nothing of graphs, images or files.
//
// Call [Detect] to choose an instruction set, [NewPool] for the threads and
// [NewEngine] to join the two; then make a step of each operation with its
// buffers (NewConv, NewGram, ...) once, and Run it as often as needed.
// Running allocates nothing.
//
// # Layout
//
// Feature maps are blocked: channels in groups of 16, the 16 values of a position
// together, and a zero border around the picture; see [Shape]. A ReLU leaves one
// bit an element behind, in a mask of the same geometry, and that is all its
// gradient needs. Pictures (3,h,w) are planar.
//
// # Guarantees
//
// Results are the same, bit for bit, for any number of threads: work is split by
// outputs and sums are added in a fixed order. They differ in the last places
// between instruction sets. Every kernel that writes a blocked tensor writes its
// border and unused lanes too, as zeros, so buffers may be reused between shapes.
//
// The functions Ref... are the plain definitions on (c,h,w) tensors; tests
// compare the kernels with them.
//
// Wrong shapes and lengths are programming errors: they panic with a message
// that begins with "kernel: ".
package kernel
