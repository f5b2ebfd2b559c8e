package nst

import (
	"errors"
	"reflect"
)

// ErrRetune tells that a Transfer cannot take other options, because its styles
// depend on what differs.
var ErrRetune = errors.New("nst: these options need a Transfer of their own")

// Retune gives t other options for the runs that follow, which may use the Styles
// that t has made. Only what no style depends on may differ: ContentWeight,
// StyleWeight, TVWeight, Steady, Iterations, Optimizer, LearningRate, History, Tolerance,
// Init, Seed and Color. Otherwise, which is so for every option not named here, the
// error is [ErrRetune]; or it is what [Options.Validate] finds. Then t is as it was.
func (t *Transfer) Retune(o Options) error {
	if t.closed {
		return ErrClosed
	}
	o.Objective.resolve(t.network.weights().Network)
	same := t.options
	same.Objective.ContentWeight, same.Objective.StyleWeight, same.Objective.TVWeight = o.Objective.ContentWeight, o.Objective.StyleWeight, o.Objective.TVWeight
	same.Schedule.AutoBalance = o.Schedule.AutoBalance
	same.Schedule.Iterations, same.Optimizer.Method, same.Optimizer.LearningRate = o.Schedule.Iterations, o.Optimizer.Method, o.Optimizer.LearningRate
	same.Optimizer.History, same.Schedule.Tolerance = o.Optimizer.History, o.Schedule.Tolerance
	same.Schedule.Init, same.Schedule.Seed = o.Schedule.Init, o.Schedule.Seed
	same.Color = o.Color
	if !reflect.DeepEqual(same, o) {
		return ErrRetune
	}
	if err := o.Validate(t.network.weights().Network); err != nil {
		return err
	}
	t.options, t.network = o, t.network.retuned(&o)
	return nil
}
