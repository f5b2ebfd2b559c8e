package nst

// jcjohnson is jcjohnson/neural-style.
func jcjohnson() Preset {
	o := neuralStyle()
	o.Objective.TVForm, o.Objective.Preprocessing = TVQuadraticSum, PrepareLevels256
	o.Objective.TVWeight = 1e-3 * 256 * 256 / (255 * 255)
	return Preset{
		Name:        "neural-style",
		Title:       "J. Johnson, neural-style in Lua Torch",
		Description: "The photograph laid on from an empty canvas, the painting as its finish.",
		Options:     o,
		Explain: neuralStyleExplained + `
Total variation: 0.001 ½Σ(dx²+dy²) in 256 levels, which is 0.001008 in 255; there it is in the
gradient and not in the loss, which this optimiser does not look at. The network sees pixels with
256 levels in the place of 255, as there.`,
	}
}

// proGamerGov is ProGamerGov/neural-style-pt.
func proGamerGov() Preset {
	o := neuralStyle()
	o.Objective.TVForm = TVAbsoluteSum
	o.Objective.TVWeight = 1e-3
	return Preset{
		Name:        "neural-style-pt",
		Title:       "ProGamerGov, neural-style-pt in PyTorch",
		Description: "The look of neural-style, with edges that the total variation keeps.",
		Options:     o,
		Explain: neuralStyleExplained + `
Total variation: 0.001 Σ(|dx|+|dy|) in 8-bit levels.`,
	}
}

// neuralStyle returns what these two have in common.
func neuralStyle() Options {
	o := classic()
	o.Objective.ContentWeight, o.Objective.StyleWeight = 5, 100
	o.Schedule.Iterations = 1000
	o.Schedule.Init = InitMean
	return o
}

const neuralStyleExplained = `content: 5 mean((F-P)²) at relu4_2. style: 100 mean((G-A)²) with G = F Fᵀ/(c h w), at relu1_1 to
relu5_1, which is 100/c² for G = F Fᵀ/(h w); styles are blended by the means of A. L-BFGS by the
rules of torch, step 1, history 100, 1000 evaluations; there nothing ends it earlier, here a step
of nothing (1e-9) does. The start is the mean colour with normal noise of 0.001 levels. There
styles are scaled to 512 pixels, also up; here never up. A total variation that is a sum grows
with the picture.`

// crowsonkb is crowsonkb/style-transfer-pytorch.
func crowsonkb() Preset {
	o := DefaultOptions()
	o.Objective.ContentWeight, o.Objective.StyleWeight, o.Objective.TVWeight, o.Schedule.AutoBalance = 0.015, 1, 2, false
	o.Objective.TVForm, o.Objective.StyleLoss, o.Objective.Padding = TVNinePoint, StyleW2, PadReplicate
	o.Objective.StyleLayers = styleLayers(256./341, 64./341, 16./341, 4./341, 1./341)
	o.Schedule.Iterations, o.Schedule.FineIterations = 1000, 500
	o.Optimizer.Method, o.Optimizer.LearningRate, o.Optimizer.Epsilon, o.Optimizer.Average = Adam, 5.1, 1e-8/255, 0.99
	o.Optimizer.History = 100
	return Preset{
		Name:        "crowsonkb",
		Title:       "K. Crowson, style-transfer-pytorch",
		Description: "Coarse to fine, the painting's grain and colours first; wants torchvision's weights.",
		Options:     o,
		Explain: `content: 0.015 mean((F-P)²) at relu4_2. style: W2, see --style-loss, at relu1_1 to relu5_1, weighted
256, 64, 16, 4 and 1 over 341; styles are blended by the means of their moments. Total variation:
2, of nine points, in 0..1. The first convolution sees the nearest pixel beyond the edges. Adam,
step 0.02 and epsilon 1e-8 in 0..1, which are 5.1 and 3.9e-11 in levels, 0.9 and 0.99, clamped,
from the content; the result is the mean with decay 0.99. Sizes 1/√2 apart from 128, 1000 evaluations at the first, 500 at each other.

With torchvision's weights (nst weights import vgg19-dcbb9e9d.pth --name torch19, then --network
torch19) these are its numbers. With Oxford's, the default, it is an approximation: the features
are some tens of times larger, so content and style, both of which grow with their square, keep
their ratio, but --tv-weight 2 and the 1e-4 that W2 adds to variances all but vanish.

Different here in any case: Adam's moments, which both programs carry on to the next size, are
scaled to the gradients there; a size starts from the content with the enlarged change that was
painted, there from the enlarged picture; the mean does not count what a size starts from; pictures are resampled by other filters.`,
	}
}

// gordicaleksa is gordicaleksa/pytorch-neural-style-transfer.
func gordicaleksa() Preset {
	o := classic()
	o.Objective.ContentWeight, o.Objective.StyleWeight, o.Objective.TVWeight = 1e5, 3e4, 1
	o.Objective.TVForm, o.Objective.Preprocessing = TVAbsoluteSum, PrepareLevels
	o.Objective.StyleLayers = styleLayers(64*64/5., 128*128/5., 256*256/5., 512*512/5., 512*512/5.)
	o.Optimizer.Method = LBFGSWolfe
	o.Size, o.Schedule.Iterations = 400, 1250
	return Preset{
		Name:        "gordicaleksa",
		Title:       "A. Gordić, pytorch-neural-style-transfer",
		Description: "Deep layers count as much as shallow ones; wants torchvision's weights.",
		Options:     o,
		Explain: `content: 100000 mean((F-P)²) at relu4_2: there the layer is called conv4_2, but the ReLU after it
works in place. style: 30000/5 Σ(G-A)², a sum, with G = F Fᵀ/(c h w), at relu1_1 to relu5_1, which
is 6000 mean((G-A)²) for G = F Fᵀ/(h w), whatever c is. Total variation: 1 Σ(|dx|+|dy|) in 8-bit
levels, which grows with the picture. torch's L-BFGS with its strong-Wolfe line search, step 1,
history 100, from the content. There it ends after 1000 steps or 1250 evaluations, and no step
takes less than one; here after 1250 evaluations. There 400 is the height, here the longer side;
styles are scaled to it, also up, here never up.

With torchvision's weights (nst weights import vgg19-dcbb9e9d.pth --name torch19, then --network
torch19) these are its numbers: they see 8-bit levels minus the mean of ImageNet, not divided by
the deviation that they were trained with, as there. With Oxford's, the default, it is an
approximation: the terms keep their formulas, but the filters are others.`,
	}
}
