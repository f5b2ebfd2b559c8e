package nst

import (
	"fmt"
	"math"
)

// DivergedError tells that the loss exploded or was not a number. With an optimiser that can
// take shorter steps, it did so again from the best picture.
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

// With an optimiser that is guarded, a loss above explosion times the least so far is an
// explosion. The rollback after patience rollbacks in a row ends the run.
const (
	explosion = 10
	patience  = 3
)

// exploded reports whether a loss is not a number or, with lbfgs, far above the least. Adam
// recovers from large losses by itself, a line search passes them, and lbfgs-torch has no
// safeguards.
func (p *pass) exploded(loss float64) bool {
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return true
	}
	return p.transfer.options.Optimizer.Method == LBFGS && loss > explosion*p.bestLoss
}

// rollback returns to the best picture, resets the optimiser and halves its steps. It returns
// a [DivergedError], leaving the best picture, if that has been tried too often or the
// optimiser is not guarded.
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
	p.halvings++
	return nil
}
