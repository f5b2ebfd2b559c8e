// Package feedforward has networks that paint a photograph in one pass: the image
// transformation network of Johnson, Alahi and Fei-Fei (2016) with the instance
// normalisation of Ulyanov, Vedaldi and Lempitsky (2016). One network can have several
// styles, each with scales and shifts of its own, as in Dumoulin, Shlens and Kudlur (2017).
//
// Start with [Load], which returns a [Model] that was taught, or with [New], which returns
// one with random weights. [Model.StyleIndex] finds a style by its name, and [Model.Blend]
// mixes styles. [Model.Save] writes a model. A training that is to go on later is a
// [Checkpoint], with [Checkpoint.Save] and [LoadCheckpoint].
//
// # Parameters
//
// All numbers of a model are in one []float32, so that an optimiser can step over them:
// first the [Architecture.Shared] ones that all styles use, then [Architecture.PerStyle] for
// each style. [Architecture.Parameters] and [Architecture.Norms] say where each tensor is.
//
// # Files
//
// A model is a safetensors file. Its metadata name the architecture and the styles, and say
// what the model was taught with. Files are not trusted: names, shapes, sizes and numbers are
// checked, and memory is allocated only for what the file really holds.
package feedforward
