package nst

import (
	"fmt"
	"math"
)

// DivergedError tells that the loss exploded or ceased to be a number, and did so
// again from the best picture with shorter steps, where the optimiser has that.
type DivergedError struct {
	Iteration int // over all scales
	Rollbacks int
}

// Error says at which iteration, and after how many rollbacks.
func (e *DivergedError) Error() string {
	if e.Rollbacks > 0 {
		return fmt.Sprintf("nst: the loss exploded at iteration %d, after %d rollbacks to the best picture", e.Iteration, e.Rollbacks)
	}
	return fmt.Sprintf("nst: the loss stopped being a number at iteration %d", e.Iteration)
}

// A loss above explosion times the least so far is taken for an explosion where the
// optimiser is guarded; after patience rollbacks in a row, the next one ends the run.
const (
	explosion = 10
	patience  = 3
)

// exploded tells whether a loss is beyond hope: no number, or with lbfgs far above
// the best. Adam comes back from heights by itself, a line search looks at them on
// its way, and lbfgs-torch is left alone.
func (p *pass) exploded(loss float64) bool {
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return true
	}
	return p.transfer.options.Optimizer.Method == LBFGS && loss > explosion*p.bestLoss
}

// rollback goes back to the best picture, makes the optimiser forget what led away
// from it and halves its steps. It returns a DivergedError, leaving the best
// picture, if that has been tried too often or the optimiser is not to be guarded.
func (p *pass) rollback() error {
	p.averaged = 0
	if p.average != nil {
		p.vector.Clear(p.average)
	}
	if math.IsInf(p.bestLoss, 1) {
		return &DivergedError{p.result.Iterations, p.result.Rollbacks}
	}
	p.vector.Copy(p.variables, p.best)
	p.show()
	if p.setbacks == patience || p.transfer.options.Optimizer.Method == LBFGSTorch {
		return &DivergedError{p.result.Iterations, p.result.Rollbacks}
	}
	p.setbacks++
	p.result.Rollbacks++
	p.optimizer.Reset()
	p.optimizer.Shorten(0.5)
	return nil
}
