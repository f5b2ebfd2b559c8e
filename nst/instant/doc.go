// Package instant paints pictures in one pass of a feed-forward network, and teaches such
// networks a style.
//
// To paint, start with [Load] or [Builtin]; then call [Model.Apply].
//
// To teach, start with [OpenPhotos], then call [NewTrainer] with a loss network
// ([vgg.Embedded]), some style pictures and [DefaultOptions]; then call [Trainer.Step] until
// [Trainer.Done], and [Trainer.Model].
//
// The network is that of Johnson, Alahi and Fei-Fei (2016, arXiv 1603.08155) with instance
// normalisation (Ulyanov et al. 2016, arXiv 1607.08022). Several styles share one network:
// each has scales and shifts of its own (Dumoulin et al. 2017, arXiv 1610.07629).
package instant
