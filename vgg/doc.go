// Package vgg has the VGG networks: their layers, their weights, and where weights come
// from.
//
// Start with [Embedded], which returns the weights that come with the program, or
// [Store.Load], which returns those on disk. [Weights.Features] then adds the network to
// a graph. [Store.Pull] downloads weights, [Import] reads the files of other programs, and
// [Read] and [Write] handle our own.
//
// The embedded network, [Slim], is a distilled network: small, and trained to reproduce
// the features of VGG-19, its teacher. Each of its layers has a [Projection] to the
// teacher's features.
package vgg
