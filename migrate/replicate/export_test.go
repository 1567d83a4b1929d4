package replicate

import "context"

// BreakOff does a cut-over up to a state.
func (r *Replicator) BreakOff(ctx context.Context, state State) error {
	if _, err := r.stop(ctx, CutOver{}); err != nil || state == Stopping {
		return err
	}
	_, err := r.attach(ctx)
	return err
}
