// Package kernel has the fast code: the operations of a VGG network, of the losses and of
// the optimisers, and their gradients, on slices of float32. It knows nothing of graphs,
// images or files.
//
// Call [Detect] first, to choose an instruction set. Then call [NewPool] for the threads
// and [NewEngine] to join the two. Make a step for each operation and its buffers once
// (NewConv, NewGram, ...), and Run it as often as needed. Running allocates nothing.
//
// # Layout
//
// Feature maps are blocked: channels are in groups of 16, the 16 values of a position are
// side by side, and the picture has a border of zeros; see [Shape]. A ReLU writes a mask
// with one bit for each element and the same geometry. Its gradient needs only that mask.
// Pictures (3,h,w) are planar. [Reflect] puts a reflection in the place of the zeros, for a
// convolution that then reads it as any other border.
//
// # Guarantees
//
// Results are the same, bit for bit, for any number of threads, because work is split by
// outputs and sums are added in a fixed order. Between instruction sets they differ in the
// last digits. A kernel that writes a blocked tensor also writes zeros to its border and
// its unused lanes, so buffers may be reused for other shapes.
//
// The functions Ref... are the plain definitions on (c,h,w) tensors. The tests compare the
// kernels with them.
//
// Wrong shapes and lengths are programming errors: they panic with a message
// that begins with "kernel: ".
package kernel
