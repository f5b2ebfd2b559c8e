package nst

// jcjohnson is jcjohnson/neural-style.
func jcjohnson() Preset {
	o := neuralStyle()
	o.Objective.TVForm, o.Objective.Preprocessing = TVQuadraticSum, PrepareLevels256
	o.Objective.TVWeight = 1e-3 * 256 * 256 / (255 * 255)
	return Preset{
		Name:        "neural-style",
		Title:       "J. Johnson, neural-style in Lua Torch",
		Description: "Paints the photograph on an empty canvas, and finishes it in the style.",
		Options:     o,
		Explain: neuralStyleExplained + `
Total variation: 0.001 ½Σ(dx²+dy²) in 256 levels, which is 0.001008 in 255. In that program it
is in the gradient but not in the loss, which this optimiser does not use.
Preprocessing: pixels have 256 levels instead of 255.`,
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
		Description: "Looks like neural-style, with edges that total variation keeps sharp.",
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

const neuralStyleExplained = `Content: 5 mean((F-P)²) at relu4_2.
Style: 100 mean((G-A)²) with G = F Fᵀ/(c h w), at relu1_1 to relu5_1, which is 100/c² for
G = F Fᵀ/(h w). A blend of styles has the mean of their A.
Optimiser: L-BFGS by the rules of torch, step 1, history 100, 1000 evaluations.
Start: the mean colour with normal noise of 0.001 levels.
Different: nst also stops at a step below 1e-9; that program does not. That program
scales styles to 512 pixels; nst never enlarges them. A total variation that is a sum
grows with the picture.`

// crowsonkb is crowsonkb/style-transfer-pytorch.
func crowsonkb() Preset {
	o := DefaultOptions()
	o.Objective.ContentWeight, o.Objective.StyleWeight, o.Objective.TVWeight, o.Schedule.AutoBalance = 0.015, 1, 2, false
	o.Objective.TVForm, o.Objective.StyleLoss, o.Objective.Padding = TVNinePoint, StyleW2, PadReplicate
	o.Objective.Calibrate, o.Objective.MirrorStyles = false, false
	o.Objective.StyleLayers = styleLayers(256./341, 64./341, 16./341, 4./341, 1./341)
	o.Schedule.Iterations, o.Schedule.FineIterations = 1000, 500
	o.Optimizer.Method, o.Optimizer.LearningRate, o.Optimizer.Epsilon, o.Optimizer.Average = Adam, 5.1, 1e-8/255, 0.99
	o.Optimizer.History = 100
	return Preset{
		Name:        "crowsonkb",
		Title:       "K. Crowson, style-transfer-pytorch",
		Description: "Paints from coarse to fine, grain and colours first. Needs torchvision's weights.",
		Options:     o,
		Explain: `Content: 0.015 mean((F-P)²) at relu4_2.
Style: W2, see --style-loss, at relu1_1 to relu5_1, with weights of 256, 64, 16, 4 and 1
over 341. A blend of styles has the mean of their moments.
Total variation: 2, nine-point, in 0..1.
Padding: the first convolution sees the nearest pixel beyond the edges.
Optimiser: Adam from the content, step 0.02 and epsilon 1e-8 in 0..1, which are 5.1 and
3.9e-11 in levels, decays 0.9 and 0.99, clamped. The result is the running mean of the
pictures, with decay 0.99.
Sizes: 1/√2 apart, from 128; 1000 evaluations at the first, 500 at each other.

These are the numbers of that program with torchvision's weights: nst weights import
vgg19-dcbb9e9d.pth --name torch19, then --network torch19. With Oxford's weights, the
default, they are an approximation: features are some tens of times larger. Content and
style grow with their square, so that their ratio stays the same, but
--tv-weight 2, and the 1e-4 that W2 adds to variances, become negligible.

Different with any weights: nst scales Adam's moments to the gradients of the next size;
both programs carry them on. nst starts a size from its content plus the enlarged change
that was painted; that program starts from the enlarged picture. The running mean of nst
leaves out the picture that a size starts from. The filters that resample pictures
differ.`,
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
		Description: "Weighs deep layers as much as shallow ones. Needs torchvision's weights.",
		Options:     o,
		Explain: `Content: 100000 mean((F-P)²) at relu4_2. That program calls the layer conv4_2, but the
ReLU after it works in place.
Style: 30000/5 Σ(G-A)², a sum, with G = F Fᵀ/(c h w), at relu1_1 to relu5_1, which is
6000 mean((G-A)²) for G = F Fᵀ/(h w), whatever c is.
Total variation: 1 Σ(|dx|+|dy|) in 8-bit levels, which grows with the picture.
Optimiser: torch's L-BFGS with its strong-Wolfe line search, step 1, history 100, from
the content.
Different: nst ends after 1250 evaluations; that program also after 1000 steps, each of
one evaluation or more. 400 is the longer side in nst, the height in that program. That
program scales styles to that size; nst never enlarges them.

These are the numbers of that program with torchvision's weights: nst weights import
vgg19-dcbb9e9d.pth --name torch19, then --network torch19. Preprocessing is the same
too: 8-bit levels minus the mean of ImageNet, not divided by the deviation. With Oxford's
weights, the default, they are an approximation: the same formulas, other filters.`,
	}
}
